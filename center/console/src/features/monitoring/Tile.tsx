import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { StateMark } from "../../shared/StateMark";
import { useTitle } from "../../shared/useTitle";
import style from "./Board.module.css";
import type { Cell, Tile as TileView } from "./useMonitoring";

const MOST = 8;

interface Props {
  tile: TileView;
  /** Of this province, the worst first. */
  cells: Cell[];
  causeOf: (cell: Cell) => string;
  titleOf: (capability: string) => string;
}

/** A province: its worst state as word and shape, and a mark for each capability that is not well. */
export function Tile({ tile, cells, causeOf, titleOf }: Props) {
  const { t } = useTranslation("monitoring");
  const title = useTitle()(tile.titles);
  const unwell = cells.filter((cell) => cell.state !== "healthy");
  const shown = unwell.slice(0, MOST);
  return (
    <section className={style.tile} data-state={tile.state ?? "none"}>
      <Link
        to="/monitoring"
        search={{ province: tile.name }}
        className={style.name}
        aria-label={t("tile.open", { province: title })}
      >
        {title}
      </Link>
      {tile.simulated && <small className={style.simulated}> {t("simulated")}</small>}
      <div className={style.worst}>
        {tile.state === null ? (
          <span className="quiet">{t("tile.nothing")}</span>
        ) : (
          <StateMark state={tile.state} />
        )}
      </div>
      <div className={style.marks}>
        {shown.map((cell) => (
          <Mark
            key={cell.capability}
            cell={cell}
            title={titleOf(cell.capability)}
            cause={causeOf(cell)}
          />
        ))}
        {unwell.length > shown.length && (
          <small className="quiet figures">+{unwell.length - shown.length}</small>
        )}
        {unwell.length < cells.length && (
          <small className="quiet figures">
            {t("tile.healthy", { count: cells.length - unwell.length })}
          </small>
        )}
      </div>
    </section>
  );
}

function Mark({ cell, title, cause }: { cell: Cell; title: string; cause: string }) {
  const { capability, province } = cell;
  return (
    <Link
      to="/monitoring/$capability/$province"
      params={{ capability, province }}
      className={style.mark}
      aria-label={`${title}: ${cause}`}
      data-hint={`${title}: ${cause}`}
    >
      <StateMark state={cell.state} isBare />
    </Link>
  );
}
