import { Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Age } from "../../shared/Age";
import { useNumbers } from "../../shared/numbers";
import { StateMark, worstFirst } from "../../shared/StateMark";
import { type Column, DataTable, type PageRequest } from "../../shared/table";
import { answered } from "./answered";
import type { Cell } from "./useMonitoring";
import type { Names } from "./WorstFirst";

const LATE = 3 * 3600;

type Key = (cell: Cell) => string | number;

const SORTS: Record<string, Key> = {
  province: (cell) => cell.province,
  capability: (cell) => cell.capability,
  calls: (cell) => cell.calls,
  errors: (cell) => answered(cell).errors ?? -1,
  latency: (cell) => cell.latency_ms ?? -1,
  quota: (cell) => cell.used / Math.max(1, cell.quota),
  effect: (cell) => cell.effect ?? -1,
  accuracy: (cell) => cell.accuracy ?? -1,
};

/** The same board as rows: to sort, to copy, and for whoever prefers a table. */
export function BoardTable({ cells, ...names }: Names & { cells: Cell[] }) {
  const { t } = useTranslation("monitoring");
  const navigate = useNavigate();
  const columns = useColumns(names);
  const open = ({ capability, province }: Cell) =>
    void navigate({ to: "/monitoring/$capability/$province", params: { capability, province } });
  return (
    <DataTable
      name="board"
      caption={t("board.title")}
      columns={columns}
      queryKey={["board", "table", cells]}
      load={(request) => Promise.resolve(pageOf(cells, request))}
      keyOf={(cell) => `${cell.province}/${cell.capability}`}
      onOpen={open}
    />
  );
}

/** One page of cells that are here already, sorted as the table asks. */
function pageOf(cells: Cell[], { limit, cursor, sort }: PageRequest) {
  const from = Number(cursor ?? 0);
  const sorted = sort === undefined ? cells : inOrder(cells, sort);
  const items = sorted.slice(from, from + limit);
  const next = from + limit < cells.length ? String(from + limit) : null;
  return { items, next, total: cells.length };
}

function inOrder(cells: Cell[], sort: string): Cell[] {
  const sign = sort.startsWith("-") ? -1 : 1;
  const key = sort.replace(/^-/, "");
  const by = SORTS[key];
  const compare =
    by === undefined
      ? (a: Cell, b: Cell) => worstFirst(a.state, b.state)
      : (a: Cell, b: Cell) => (by(a) < by(b) ? -1 : by(a) > by(b) ? 1 : 0);
  return [...cells].sort((a, b) => sign * compare(a, b));
}

function useColumns({ causeOf, provinceOf, capabilityOf }: Names): Column<Cell>[] {
  const { t } = useTranslation("monitoring");
  const states = useTranslation("shared").t;
  const { count, share, figure } = useNumbers();
  const quota = (cell: Cell) => (cell.quota === 0 ? null : cell.used / cell.quota);
  return [
    {
      key: "state",
      title: t("column.state"),
      render: (cell) => <StateMark state={cell.state} />,
      text: (cell) => states(`state.${cell.state}`),
      isSortable: true,
    },
    {
      key: "capability",
      title: t("column.capability"),
      render: ({ capability, province }) => (
        <Link to="/monitoring/$capability/$province" params={{ capability, province }}>
          {capabilityOf(capability)}
        </Link>
      ),
      text: (cell) => cell.capability,
      isSortable: true,
    },
    {
      key: "province",
      title: t("column.province"),
      render: (cell) => provinceOf(cell.province),
      text: (cell) => cell.province,
      isSortable: true,
    },
    { key: "cause", title: t("column.cause"), render: causeOf, text: causeOf },
    numeric("calls", t("column.calls"), (cell) => cell.calls, count),
    numeric(
      "errors",
      t("column.errors"),
      (cell) => answered(cell).errors,
      (value) => share(value),
    ),
    numeric("latency", t("column.latency"), (cell) => cell.latency_ms, figure),
    numeric("quota", t("column.quota"), quota, (value) => share(value)),
    numeric("effect", t("column.effect"), (cell) => cell.effect, figure),
    numeric(
      "accuracy",
      t("column.accuracy"),
      (cell) => cell.accuracy,
      (value) => share(value),
    ),
    {
      key: "age",
      title: t("column.age"),
      render: ({ data_at }) => (data_at === null ? "–" : <Age at={data_at} staleAfter={LATE} />),
      text: (cell) => cell.data_at,
    },
  ];
}

function numeric(
  key: string,
  title: string,
  value: (cell: Cell) => number | null,
  format: (value: number | null) => string,
): Column<Cell> {
  return {
    key,
    title,
    render: (cell) => format(value(cell)),
    text: value,
    isSortable: true,
    isNumber: true,
  };
}
