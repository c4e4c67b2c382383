import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { StateMark } from "../../shared/StateMark";
import style from "./Board.module.css";
import type { Cell } from "./useMonitoring";

export interface Names {
  causeOf: (cell: Cell) => string;
  provinceOf: (name: string) => string;
  capabilityOf: (name: string) => string;
}

interface Props extends Names {
  cells: Cell[];
  most: number;
  /** Also those that are well. */
  isAll?: boolean;
}

/** Cells that need a person, each with its cause in one sentence. */
export function WorstFirst({ cells, most, isAll = false, ...names }: Props) {
  const { t } = useTranslation("monitoring");
  const shown = cells.filter((cell) => isAll || cell.state !== "healthy").slice(0, most);
  if (shown.length === 0) return <p className="quiet">{t("board.calm")}</p>;
  return (
    <ul className={style.list}>
      {shown.map((cell) => (
        <li key={`${cell.province}/${cell.capability}`} className={style.item}>
          <StateMark state={cell.state} />
          <Link
            to="/monitoring/$capability/$province"
            params={{ capability: cell.capability, province: cell.province }}
          >
            {names.capabilityOf(cell.capability)}
          </Link>
          <span>{names.provinceOf(cell.province)}</span>
          <span className="quiet">{names.causeOf(cell)}</span>
        </li>
      ))}
    </ul>
  );
}
