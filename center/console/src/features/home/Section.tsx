import { Skeleton } from "antd";
import type { ReactNode } from "react";
import { type Asked, QueryStates } from "../../shared/QueryStates";
import style from "./Section.module.css";

interface Props<T> {
  title: string;
  query: Asked<T[]>;
  /** One calm line where nothing is there. */
  nothing: string;
  /** Where the rest is, if there is more than the items. */
  more?: ReactNode;
  keyOf: (item: T) => string;
  children: (item: T) => ReactNode;
}

/** One list of the home page; its failure stays in it. */
export function Section<T>({ title, query, nothing, more, keyOf, children }: Props<T>) {
  const isEmpty = query.data?.length === 0;
  return (
    <section className={style.section} data-empty={isEmpty}>
      <h2 className={isEmpty ? "unseen" : undefined}>{title}</h2>
      <QueryStates
        query={query}
        skeleton={<Skeleton active title={false} paragraph={{ rows: 2 }} />}
        isEmpty={(items) => items.length === 0}
        empty={<p className="quiet">{nothing}</p>}
      >
        {(items) => (
          <>
            <ul className={style.list}>
              {items.map((item) => (
                <li key={keyOf(item)}>{children(item)}</li>
              ))}
            </ul>
            {more}
          </>
        )}
      </QueryStates>
    </section>
  );
}
