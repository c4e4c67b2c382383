import { memo, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useProvinces } from "../../shared/useProvince";
import { useTitle } from "../../shared/useTitle";
import { useUrlState } from "../../shared/useUrlState";
import style from "./Deployments.module.css";
import { FiveTicks } from "./ticks";
import type { Cell, Matrix } from "./useDeployments";
import { COLUMN, HEAD, NAMES, ROW, useWindow } from "./useWindow";

const LATE_SECONDS = 300;

/** The matrix as a table of which only what is in sight is drawn: 31 x 300 scroll smoothly. */
export function MatrixGrid({ matrix }: { matrix: Matrix }) {
  const { t } = useTranslation("deployments");
  const { rows, columns, onScroll, cells } = useShown(matrix);
  const [, open] = useUrlState("deployment");
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it by keys
    <section className={style.scroll} onScroll={onScroll} tabIndex={0} aria-label={t("caption")}>
      <table
        aria-label={t("caption")}
        aria-rowcount={matrix.capabilities.length + 1}
        className={style.matrix}
        style={{
          height: HEAD + matrix.capabilities.length * ROW,
          width: NAMES + matrix.provinces.length * COLUMN,
        }}
      >
        <Head matrix={matrix} columns={columns} />
        <tbody>
          {rows.map((row) => (
            <tr key={row} aria-rowindex={row + 2} style={{ top: HEAD + row * ROW }}>
              <th scope="row">{matrix.capabilities[row]}</th>
              {columns.map((column) => (
                <td key={column} style={{ left: NAMES + column * COLUMN }}>
                  <CellButton cell={cells(row, column)} onOpen={open} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function useShown(matrix: Matrix) {
  const byPlace = useMemo(
    () => new Map(matrix.cells.map((cell) => [`${cell.c}/${cell.p}`, cell])),
    [matrix],
  );
  const seen = useWindow(matrix.capabilities.length, matrix.provinces.length);
  const cells = (row: number, column: number) =>
    byPlace.get(`${matrix.capabilities[row]}/${matrix.provinces[column]?.name}`);
  return { ...seen, cells };
}

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
  onOpen: (place: string, how: "push") => void;
}

/** One cell; drawn again only when its deployment changed, not while the table scrolls. */
const CellButton = memo(function CellButton({ cell, onOpen }: CellProps) {
  const { t } = useTranslation("deployments");
  if (cell === undefined) return null;
  const total = cell.v.reduce((sum, version) => sum + version.weight, 0);
  return (
    <button type="button" onClick={() => onOpen(`${cell.p}/${cell.c}`, "push")}>
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
          <FiveTicks ticks={version.t} />
        </span>
      ))}
      {cell.v.length > 2 && <small>{t("more", { count: cell.v.length - 2 })}</small>}
    </button>
  );
});
