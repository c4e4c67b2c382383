import { type KeyboardEvent, type ReactNode, useId } from "react";
import style from "./UrlTabs.module.css";
import { useUrlState } from "./useUrlState";

interface Tab {
  key: string;
  label: string;
  content: ReactNode;
}

interface Props {
  tabs: Tab[];
  /** The search parameter that names the open tab. */
  name?: string;
}

const STEPS: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1 };

/** Tabs whose open one stands in the address; only that one is rendered, and none hides in a menu. */
export function UrlTabs({ tabs, name = "tab" }: Props) {
  const [wanted, setOpen] = useUrlState(name, tabs[0]?.key ?? "");
  const id = useId();
  const open = tabs.find((tab) => tab.key === wanted) ?? tabs[0];
  const press = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step === undefined || open === undefined) return;
    const next = tabs[(tabs.indexOf(open) + step + tabs.length) % tabs.length];
    if (next === undefined) return;
    setOpen(next.key, "push");
    document.getElementById(`${id}-${next.key}`)?.focus();
  };
  return (
    // One element, since a page's grid counts its children.
    <div>
      <div role="tablist" className={style.list}>
        {tabs.map(({ key, label }) => (
          <button
            key={key}
            id={`${id}-${key}`}
            type="button"
            role="tab"
            aria-selected={key === open?.key}
            tabIndex={key === open?.key ? 0 : -1}
            className={style.tab}
            onClick={() => setOpen(key, "push")}
            onKeyDown={press}
          >
            {label}
          </button>
        ))}
      </div>
      {open !== undefined && (
        <div role="tabpanel" aria-labelledby={`${id}-${open.key}`}>
          {open.content}
        </div>
      )}
    </div>
  );
}
