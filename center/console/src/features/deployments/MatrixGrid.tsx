import { memo, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useNames } from "../../shared/useNames";
import { useProvinces } from "../../shared/useProvince";
import { useTitle } from "../../shared/useTitle";
import { useUrlState } from "../../shared/useUrlState";
import style from "./Deployments.module.css";
import { FiveTicks, type Words } from "./ticks";
import type { Cell, Matrix } from "./useDeployments";
import { COLUMN, HEAD, NAMES, ROW, useWindow } from "./useWindow";

const LATE_SECONDS = 300;

/** Pixels that a scroll bar below the rows may take. */
const BAR = 18;

/** The matrix as a table of which only what is in sight is drawn: 31 x 300 scroll smoothly. */
export function MatrixGrid({ matrix }: { matrix: Matrix }) {
  const { t } = useTranslation("deployments");
  const { capabilities, provinces } = matrix;
  const { rows, columns, onScroll } = useWindow(capabilities.length, provinces.length);
  const cells = useMemo(() => byCapability(matrix), [matrix]);
  const shown = useMemo(
    () => columns.map((at) => ({ at, province: provinces[at]?.name ?? "" })),
    [columns, provinces],
  );
  const [, open] = useUrlState("deployment");
  const { capabilityOf } = useNames();
  const height = HEAD + capabilities.length * ROW;
  return (
    <section
      className={style.scroll}
      style={{ height: `min(70vh, ${height + BAR}px)` }}
      onScroll={onScroll}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it by keys
      tabIndex={0}
      aria-label={t("caption")}
    >
      <table
        aria-label={t("caption")}
        aria-rowcount={capabilities.length + 1}
        className={style.matrix}
        style={{ height, width: NAMES + provinces.length * COLUMN }}
      >
        <Head matrix={matrix} columns={columns} />
        <tbody>
          {rows.map((row) => {
            const name = capabilities[row] ?? "";
            return (
              <Row
                key={name}
                {...{ row, t }}
                title={capabilityOf(name)}
                of={cells.get(name)}
                shown={shown}
                onOpen={open}
              />
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

type CellsOfRow = ReadonlyMap<string, Cell>;
type Open = (place: string, how: "push") => void;

function byCapability(matrix: Matrix): ReadonlyMap<string, CellsOfRow> {
  const found = new Map<string, Map<string, Cell>>();
  for (const cell of matrix.cells) {
    const row = found.get(cell.c) ?? new Map<string, Cell>();
    found.set(cell.c, row.set(cell.p, cell));
  }
  return found;
}

interface RowProps {
  row: number;
  title: string;
  of: CellsOfRow | undefined;
  shown: { at: number; province: string }[];
  /** Handed down, since a hook in each of the cells costs as much as what they draw. */
  t: Words;
  onOpen: Open;
}

/** One capability; while the table scrolls down, only rows that come into sight are drawn. */
const Row = memo(function Row({ row, title, of, shown, t, onOpen }: RowProps) {
  return (
    <tr aria-rowindex={row + 2} style={{ top: HEAD + row * ROW }}>
      <th scope="row">{title}</th>
      {shown.map(({ at, province }) => (
        <td key={at} style={{ left: NAMES + at * COLUMN }}>
          <CellButton cell={of?.get(province)} t={t} onOpen={onOpen} />
        </td>
      ))}
    </tr>
  );
});

function Head({ matrix, columns }: { matrix: Matrix; columns: number[] }) {
  const { t } = useTranslation("deployments");
  const say = useTitle();
  const { data: provinces } = useProvinces();
  const titles = new Map(provinces?.map((item) => [item.name, item.titles]));
  return (
    <thead>
      <tr aria-rowindex={1}>
        <th scope="col">{t("capability")}</th>
        {columns.map((column) => {
          const province = matrix.provinces[column];
          if (province === undefined) return null;
          const title = titles.get(province.name);
          return (
            <th key={column} scope="col" style={{ left: NAMES + column * COLUMN }}>
              {title === undefined ? province.name : say(title)}
              <ReportAge seconds={province.age_seconds ?? null} />
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

function ReportAge({ seconds }: { seconds: number | null }) {
  const { t } = useTranslation("deployments");
  if (seconds === null) return <span className={style.age}>{t("age.never")}</span>;
  const minutes = Math.floor(seconds / 60);
  return (
    <span className={style.age} data-late={seconds > LATE_SECONDS}>
      {minutes < 1 ? t("age.now") : t("age.minutes", { count: minutes })}
    </span>
  );
}

interface CellProps {
  cell: Cell | undefined;
  t: Words;
  onOpen: Open;
}

/** One cell; drawn again only when its deployment changed. */
const CellButton = memo(function CellButton({ cell, t, onOpen }: CellProps) {
  if (cell === undefined) return null;
  const total = cell.v.reduce((sum, version) => sum + version.weight, 0);
  return (
    <button
      type="button"
      aria-haspopup="dialog"
      onClick={() => onOpen(`${cell.p}/${cell.c}`, "push")}
    >
      {cell.v.slice(0, 2).map((version) => (
        <span key={version.version} className={style.line}>
          <span>
            {version.version}{" "}
            {version.wanted ? (
              <small>{total === 0 ? 0 : Math.round((version.weight * 100) / total)}%</small>
            ) : (
              <small data-tick="different">{t("unwanted")}</small>
            )}
          </span>
          <FiveTicks ticks={version.t} t={t} />
        </span>
      ))}
      {cell.v.length > 2 && <small>{t("more", { count: cell.v.length - 2 })}</small>}
    </button>
  );
});
