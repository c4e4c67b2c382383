import type { ReactNode } from "react";
import style from "./Scrolled.module.css";

/** What may be wider than the page: it scrolls within itself, by the keyboard too. */
export function Scrolled({ label, children }: { label: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys
    <section className={style.scroll} tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
