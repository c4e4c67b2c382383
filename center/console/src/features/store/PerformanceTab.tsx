import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session";
import { Age } from "../../shared/Age";
import { Chart } from "../../shared/chart/Chart";
import { Notice } from "../../shared/Notice";
import { useNumbers } from "../../shared/numbers";
import { QueryStates } from "../../shared/QueryStates";
import { useProvince } from "../../shared/useProvince";
import { latencyOption, latencyRows, linesOf, type Performance } from "./latency";
import style from "./Store.module.css";
import { usePerformance } from "./useStore";

const MEBI = 1 << 20;

/** The passport as it was measured, beside what it makes of the machines of one's own province. */
export function PerformanceTab({ name }: { name: string }) {
  const query = usePerformance(name);
  return <QueryStates query={query}>{(data) => <Shown data={data} />}</QueryStates>;
}

function Shown({ data }: { data: Performance }) {
  const { t } = useTranslation("store");
  const { count, figure } = useNumbers();
  if (data.points.length === 0) {
    return <Notice title={t("performance.none")}>{t("performance.none-text")}</Notice>;
  }
  const lines = linesOf(data, (score) => t("performance.estimated-on", { score: count(score) }));
  const measured = t("performance.measured", { score: count(data.measured_score) });
  return (
    <>
      <Chart
        title={t("performance.title")}
        option={latencyOption(measured, data.points, lines, t("performance.rows"))}
        table={latencyRows([t("performance.rows"), measured], data.points, lines)}
        height={320}
      />
      <p className="quiet">{t("performance.explained")}</p>
      <dl className={style.facts}>
        <dt>{t("performance.memory")}</dt>
        <dd className="figures">{count(data.memory_bytes / MEBI)} MiB</dd>
        <dt>{t("performance.start")}</dt>
        <dd className="figures">{figure(data.start_seconds)} s</dd>
      </dl>
      <Machines data={data} />
    </>
  );
}

function Machines({ data }: { data: Performance }) {
  const { t } = useTranslation("store");
  const { count, figure } = useNumbers();
  const [province] = useProvince();
  const { user } = useSession();
  if (data.reported_at === null) {
    const isChosen = province !== "" || user.role === "operator";
    return (
      <p className="quiet">{t(isChosen ? "performance.not-reported" : "performance.no-nodes")}</p>
    );
  }
  return (
    <section className={style.block}>
      <h2>{t("performance.nodes")}</h2>
      <p className="quiet">
        <Age at={data.reported_at} isSentence />
      </p>
      <table className={style.table}>
        <thead>
          <tr>
            <th scope="col">{t("performance.node")}</th>
            <th scope="col">{t("performance.score")}</th>
            <th scope="col">{t("performance.factor")}</th>
            <th scope="col">{t("performance.takes")}</th>
          </tr>
        </thead>
        <tbody>
          {data.machines.map((item) => (
            <tr key={item.nodes.join()}>
              <td>{item.nodes.join(", ")}</td>
              <td className="figures">
                {item.score === 0 ? t("performance.unscored") : count(item.score)}
              </td>
              <td className="figures">× {figure(item.factor)}</td>
              <td>{t(item.takes ? "yes" : "no")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
