import type { QueryKey } from "@tanstack/react-query";
import { type ReactNode, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Page } from "../../api/client";
import { Notice } from "../Notice";
import { QueryStates } from "../QueryStates";
import type { Column, PageRequest } from "./columns";
import style from "./DataTable.module.css";
import { TableBody } from "./TableBody";
import { TableFoot } from "./TableFoot";
import { TableHead } from "./TableHead";
import { TableTools } from "./TableTools";
import { useLook } from "./useLook";
import { useSteady } from "./useSteady";
import { useTableKeys } from "./useTableKeys";
import { useTablePage } from "./useTablePage";

interface Props<T> {
  /** Names the table: its kept look and its CSV file. */
  name: string;
  /** Read aloud as what the table is. */
  caption: string;
  columns: Column<T>[];
  queryKey: QueryKey;
  /** Asks the center for one page. */
  load: (request: PageRequest) => Promise<Page<T>>;
  keyOf: (row: T) => string;
  /** Enter, or a click on the row. */
  onOpen?: (row: T) => void;
  /** Filters, before the table's own tools. */
  filters?: ReactNode;
  /** Acts on the selected rows; with them rows can be selected. */
  acts?: (rows: T[], clear: () => void) => ReactNode;
  /** Says why nothing is there, and offers the first act. */
  empty?: ReactNode;
  /** Before this table's parameters in the address, where a page has several tables. */
  prefix?: string;
}

/** A list for working: paged and sorted by the center, its state in the address, usable by keys. */
export function DataTable<T>(props: Props<T>) {
  const { name, columns, queryKey, load, keyOf, empty, prefix } = props;
  const { t } = useTranslation("shared");
  const page = useTablePage(queryKey, load, prefix);
  const look = useLook(name, columns);
  const { data, isFetching } = page.query;
  return (
    <div data-density={look.density} className={style.place}>
      <TableTools
        name={name}
        filters={props.filters}
        columns={columns}
        look={look}
        rows={data?.items ?? []}
        isFetching={isFetching && data !== undefined}
      />
      <QueryStates
        query={page.query}
        isEmpty={(found) => found.items.length === 0}
        empty={empty ?? <Notice title={t("table.empty")} />}
      >
        {(found) => (
          <Rows
            {...props}
            shown={look.shown}
            rows={found.items}
            request={JSON.stringify([queryKey, page.sort, page.from])}
            keyOf={keyOf}
            sort={page.sort}
            onSort={page.toggleSort}
            foot={<TableFoot page={page} total={found.total} count={found.items.length} />}
          />
        )}
      </QueryStates>
    </div>
  );
}

interface RowsProps<T> extends Props<T> {
  shown: Column<T>[];
  rows: T[];
  request: string;
  sort: string;
  onSort: (key: string) => void;
  foot: ReactNode;
}

function Rows<T>({ rows: latest, request, keyOf, onOpen, acts, ...rest }: RowsProps<T>) {
  const table = useRef<HTMLTableElement>(null);
  const steady = useSteady(latest, request, keyOf);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const { rows } = steady;
  const selected = rows.filter((row) => chosen.has(keyOf(row)));
  const clear = () => setChosen(new Set());
  const toggle = (row: T) => {
    const next = new Set(chosen);
    if (!next.delete(keyOf(row))) next.add(keyOf(row));
    setChosen(next);
  };
  const at = (then: (row: T) => void) => (index: number) => {
    const row = rows[index];
    if (row !== undefined) then(row);
  };
  useTableKeys(table, onOpen && at(onOpen), acts && at(toggle));

  return (
    <>
      {acts !== undefined && selected.length > 0 && (
        <Chosen count={selected.length}>{acts(selected, clear)}</Chosen>
      )}
      {steady.hasNews && <News onShow={steady.release} />}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys */}
      <section className={style.scroll} tabIndex={0} aria-label={rest.caption}>
        <table ref={table} data-keys className={style.table}>
          <caption className="unseen">{rest.caption}</caption>
          <TableHead
            columns={rest.shown}
            sort={rest.sort}
            onSort={rest.onSort}
            {...(acts !== undefined && {
              isAllChosen: selected.length === rows.length,
              onChooseAll: (all: boolean) => setChosen(new Set(all ? rows.map(keyOf) : [])),
            })}
          />
          <TableBody
            columns={rest.shown}
            rows={rows}
            keyOf={keyOf}
            onOpen={onOpen}
            {...(acts !== undefined && { chosen, onToggle: toggle })}
            onHold={steady.hold}
            onRelease={steady.release}
          />
        </table>
      </section>
      {rest.foot}
    </>
  );
}

function Chosen({ count, children }: { count: number; children: ReactNode }) {
  const { t } = useTranslation("shared");
  return (
    <div className={style.chosen} role="status">
      {t("table.selected", { count })} {children}
    </div>
  );
}

function News({ onShow }: { onShow: () => void }) {
  const { t } = useTranslation("shared");
  return (
    <p role="status" className={style.news}>
      {t("table.fresh")}{" "}
      <button type="button" className={style.link} onClick={onShow}>
        {t("table.show-fresh")}
      </button>
    </p>
  );
}
