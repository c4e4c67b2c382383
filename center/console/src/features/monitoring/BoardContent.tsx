import { useTranslation } from "react-i18next";
import { useNumbers } from "../../shared/numbers";
import { STATES, StateMark } from "../../shared/StateMark";
import { useProvince } from "../../shared/useProvince";
import style from "./Board.module.css";
import { BoardTable } from "./BoardTable";
import { TileGrid } from "./TileGrid";
import { useCause } from "./useCause";
import type { Board, Cell } from "./useMonitoring";
import { useNames } from "./useNames";
import { WorstFirst } from "./WorstFirst";

/** The board as tiles or as a table; of one province where the header's switch chose one. */
export function BoardContent({ board, view }: { board: Board; view: string }) {
  const { t } = useTranslation("monitoring");
  const { provinceOf, capabilityOf } = useNames(board.provinces, board.capabilities);
  const causeOf = useCause(provinceOf);
  const [province] = useProvince();
  const cells = board.cells.filter((cell) => province === "" || cell.province === province);
  const names = { causeOf, provinceOf, capabilityOf };
  if (view === "table") return <BoardTable cells={cells} {...names} />;
  return (
    <>
      <Summary cells={cells} />
      {province === "" ? (
        <>
          <TileGrid board={board} causeOf={causeOf} titleOf={capabilityOf} />
          <h2>{t("board.worst")}</h2>
          <WorstFirst cells={cells} most={12} {...names} />
        </>
      ) : (
        <>
          <h2>{provinceOf(province)}</h2>
          <WorstFirst cells={cells} most={cells.length} isAll {...names} />
        </>
      )}
    </>
  );
}

/** How many are in each state, in words. */
function Summary({ cells }: { cells: Cell[] }) {
  const { count } = useNumbers();
  const { t } = useTranslation("shared");
  return (
    <div className={style.summary}>
      {STATES.map((state) => {
        const found = cells.filter((cell) => cell.state === state).length;
        return found === 0 ? null : (
          <StateMark key={state} state={state} text={`${t(`state.${state}`)} ${count(found)}`} />
        );
      })}
    </div>
  );
}
