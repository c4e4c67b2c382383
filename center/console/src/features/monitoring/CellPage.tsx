import { Link, useParams } from "@tanstack/react-router";
import { Segmented } from "antd";
import { useTranslation } from "react-i18next";
import { Figure } from "../../shared/Figure";
import { useNumbers } from "../../shared/numbers";
import { PageFrame } from "../../shared/PageFrame";
import { QueryStates } from "../../shared/QueryStates";
import { StateMark } from "../../shared/StateMark";
import { useUrlState } from "../../shared/useUrlState";
import { answered } from "./answered";
import style from "./Cell.module.css";
import { ColumnDetail } from "./ColumnDetail";
import { Columns } from "./Columns";
import { Timeline } from "./Timeline";
import { useCause } from "./useCause";
import { type CellStory, useBoard, useCell } from "./useMonitoring";
import { useNames } from "./useNames";
import { useWords } from "./useWords";

const DAYS = ["1", "3", "14", "90"];

/** One capability in one province: the verdict with its cause, how it came, and which columns moved. */
export default function CellPage() {
  const { t } = useTranslation("monitoring");
  const { capability = "", province = "" } = useParams({ strict: false });
  const [days, setDays] = useUrlState("days", "14");
  const query = useCell(capability, province, Number(days) || 14);
  const { provinceOf, capabilityOf } = useNames(
    query.data === undefined ? [] : [query.data.province],
    query.data === undefined ? [] : [query.data.capability],
  );
  return (
    <PageFrame
      title={t("cell.title", {
        capability: capabilityOf(capability),
        province: provinceOf(province),
      })}
      answers={t("cell.answers")}
      asOf={query.data?.cell.data_at ?? undefined}
      acts={
        <Segmented
          value={days}
          onChange={(value) => setDays(value)}
          options={DAYS.map((value) => ({
            value,
            label: t("cell.days", { count: Number(value) }),
          }))}
        />
      }
    >
      <QueryStates query={query}>{(story) => <Story story={story} />}</QueryStates>
    </PageFrame>
  );
}

function Story({ story }: { story: CellStory }) {
  const { t } = useTranslation("monitoring");
  const { cell, province } = story;
  const board = useBoard();
  const { provinceOf } = useNames(board.data?.provinces ?? [province], []);
  const causeOf = useCause(provinceOf);
  const [column, setColumn] = useUrlState("column");
  return (
    <>
      <p className={style.verdict}>
        <StateMark state={cell.state} /> <span>{causeOf(cell)}</span>
      </p>
      <Facts story={story} />
      <Timeline story={story} />
      <section className={style.part}>
        <h2>{t("columns.title")}</h2>
        {column !== "" && (
          <ColumnDetail capability={cell.capability} province={cell.province} column={column} />
        )}
        <Columns story={story} open={column} onOpen={(name) => setColumn(name, "push")} />
      </section>
      <p>
        <Link to="/monitoring" search={{ province: cell.province }}>
          {t("cell.all-of", { province: provinceOf(cell.province) })}
        </Link>
      </p>
    </>
  );
}

/** The figures behind the verdict, each with what it is worth. */
function Facts({ story: { cell, province, window_from, window_to } }: { story: CellStory }) {
  const { t } = useTranslation("monitoring");
  const { count, share, figure } = useNumbers();
  const { moment } = useWords();
  const { calls, errors } = answered(cell);
  const facts = [
    { name: "version", shown: <Figure value={cell.version || "–"} /> },
    {
      name: "calls",
      shown: <Figure value={count(cell.calls)} at={province.joined_at} source={t("fact.usage")} />,
    },
    { name: "refused", shown: <Figure value={count(cell.refused)} /> },
    { name: "errors", shown: <Figure value={share(errors)} n={calls} /> },
    { name: "latency", shown: <Figure value={`${figure(cell.latency_ms)} ms`} n={calls} /> },
    {
      name: "accuracy",
      shown: <Figure value={share(cell.accuracy)} n={cell.labelled} source={t("fact.feedback")} />,
    },
    {
      name: "window",
      shown: <Figure value={`${moment(window_from)} – ${moment(window_to)}`} n={cell.rows} />,
    },
  ] as const;
  return (
    <dl className={style.facts}>
      {facts.map(({ name, shown }) => (
        <div key={name}>
          <dt className="quiet">{t(`fact.${name}`)}</dt>
          <dd>{shown}</dd>
        </div>
      ))}
      {province.simulated && (
        <div>
          <dt className="quiet">{t("fact.origin")}</dt>
          <dd>{t("simulated")}</dd>
        </div>
      )}
    </dl>
  );
}
