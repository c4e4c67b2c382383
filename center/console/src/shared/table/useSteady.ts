import { useState } from "react";

/**
 * Keep the rows under the pointer where they are.
 *
 * While the pointer is over the rows, news that would add, remove or reorder them wait; news within
 * the rows are shown at once.
 *
 * @param rows - What came last.
 * @param request - What was asked for: another question is answered at once.
 */
export function useSteady<T>(rows: T[], request: string, keyOf: (row: T) => string) {
  const [held, setHeld] = useState<{ rows: T[]; request: string } | null>(null);
  const isSame = (kept: T[]) =>
    kept.length === rows.length && kept.every((row, i) => keyOf(row) === keyOf(rows[i] as T));
  const isHeld = held !== null && held.request === request && !isSame(held.rows);
  return {
    rows: isHeld ? held.rows : rows,
    hasNews: isHeld,
    hold: () => setHeld({ rows, request }),
    release: () => setHeld(null),
  };
}
