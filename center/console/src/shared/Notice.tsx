import type { ReactNode } from "react";
import notice from "./Notice.module.css";

interface Props {
  title: string;
  children?: ReactNode;
  /** What can be done about it: buttons or links. */
  acts?: ReactNode;
  isAlert?: boolean;
}

/** Says plainly what is not there, and what to do: nobody reaches a dead end. */
export function Notice({ title, children, acts, isAlert = false }: Props) {
  return (
    <section className={notice.place} role={isAlert ? "alert" : undefined}>
      <h2>{title}</h2>
      {children !== undefined && <p className="quiet">{children}</p>}
      {acts !== undefined && <div className={notice.acts}>{acts}</div>}
    </section>
  );
}
