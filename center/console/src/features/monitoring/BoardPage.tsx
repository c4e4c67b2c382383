import { Segmented } from "antd";
import { useTranslation } from "react-i18next";
import { Notice } from "../../shared/Notice";
import { PageFrame } from "../../shared/PageFrame";
import { QueryStates } from "../../shared/QueryStates";
import { useUrlState } from "../../shared/useUrlState";
import { BoardContent } from "./BoardContent";
import { useBoard } from "./useMonitoring";

/** How every capability is in every province: what needs a person stands first. */
export default function BoardPage() {
  const { t } = useTranslation("monitoring");
  const query = useBoard();
  const [view, setView] = useUrlState("view", "tiles");
  return (
    <PageFrame
      title={t("board.title")}
      answers={t("board.answers")}
      asOf={query.data?.at}
      acts={
        <Segmented
          value={view}
          onChange={(value) => setView(value, "push")}
          options={[
            { value: "tiles", label: t("board.as-tiles") },
            { value: "table", label: t("board.as-table") },
          ]}
        />
      }
    >
      <QueryStates
        query={query}
        isEmpty={(board) => board.cells.length === 0}
        empty={<Notice title={t("board.empty")}>{t("board.empty-text")}</Notice>}
      >
        {(board) => <BoardContent board={board} view={view} />}
      </QueryStates>
    </PageFrame>
  );
}
