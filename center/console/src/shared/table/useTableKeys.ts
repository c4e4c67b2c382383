import { type RefObject, useEffect } from "react";

const TYPING = "input, textarea, select, [contenteditable=true], [role=dialog], [role=menu]";

/** j and k move from row to row, Enter opens the row, x selects it. */
export function useTableKeys(
  table: RefObject<HTMLElement | null>,
  open: ((row: number) => void) | undefined,
  select: ((row: number) => void) | undefined,
): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !isFor(table.current)) return;
      const rows = [...(table.current?.querySelectorAll<HTMLElement>("tbody tr") ?? [])];
      const active = rows.findIndex((row) => row.contains(document.activeElement));
      const isOnRow = active >= 0 && rows[active] === document.activeElement;
      if (event.key === "j") rows[Math.min(active + 1, rows.length - 1)]?.focus();
      else if (event.key === "k") rows[Math.max(active - 1, 0)]?.focus();
      else if (event.key === "x" && active >= 0) select?.(active);
      else if (event.key === "Enter" && isOnRow) open?.(active);
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [table, open, select]);
}

/** The table that has the focus; where none has, the first one of the page. */
function isFor(table: HTMLElement | null): boolean {
  const focused = document.activeElement;
  if (table === null || focused?.closest(TYPING)) return false;
  if (table.contains(focused)) return true;
  const isElsewhere = focused?.closest("table[data-keys]") !== null && focused !== null;
  return !isElsewhere && document.querySelector("table[data-keys]") === table;
}
