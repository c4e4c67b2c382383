import { Drawer } from "antd";
import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session";
import { Age } from "../../shared/Age";
import { useNumbers } from "../../shared/numbers";
import { QueryStates } from "../../shared/QueryStates";
import { useUrlState } from "../../shared/useUrlState";
import style from "./Deployments.module.css";
import { RolloutActs } from "./RolloutActs";
import { type Rollout, useRollout } from "./useDeployments";

/** The roll-out that the address names: stages, live counters against the rails, and the acts. */
export function RolloutDrawer() {
  const { t } = useTranslation("deployments");
  const [id, open] = useUrlState("rollout");
  return (
    <Drawer
      open={id !== ""}
      size={760}
      title={t("rollout.title")}
      onClose={() => open("", "push")}
      destroyOnHidden
    >
      {id !== "" && <Content id={id} />}
    </Drawer>
  );
}

function Content({ id }: { id: string }) {
  const { t } = useTranslation("deployments");
  const { may } = useSession();
  const query = useRollout(id);
  return (
    <QueryStates query={query}>
      {(found) => (
        <>
          <h2>
            {found.capability} {found.version} · {t(`state.${found.state}`)}
          </h2>
          {found.reason !== "" && <p role="status">{found.reason}</p>}
          {may("manage:deployments") && <RolloutActs item={found} />}
          <Stages item={found} />
          <Rails item={found} />
          <Counters item={found} />
        </>
      )}
    </QueryStates>
  );
}

function Stages({ item }: { item: Rollout }) {
  const { t } = useTranslation("deployments");
  const isOpen = item.state === "running" || item.state === "paused";
  return (
    <section>
      <h3>{t("rollout.stages")}</h3>
      <ol className={style.stages}>
        {item.stages.map((stage, index) => {
          const isNow = isOpen && index === item.stage;
          return (
            <li
              key={`${stage.percent} ${stage.provinces.join()}`}
              {...(isNow && { "aria-current": "step" as const })}
            >
              {stage.percent}% · {stage.provinces.join(", ")} ·{" "}
              {t("rollout.soak", { count: stage.soak_minutes })}
              {isNow && (
                <>
                  {" · "}
                  {t("rollout.since")} <Age at={item.since} />
                </>
              )}
            </li>
          );
        })}
      </ol>
    </section>
  );
}

function Rails({ item }: { item: Rollout }) {
  const { t } = useTranslation("deployments");
  const { share, figure, count } = useNumbers();
  const { rails } = item;
  return (
    <section>
      <h3>{t("rails.title")}</h3>
      <dl className={style.facts}>
        <dt>{t("rails.failures")}</dt>
        <dd>{share(rails.failure_share, 2)}</dd>
        <dt>{t("rails.p99")}</dt>
        <dd>{figure(rails.p99_ms)}</dd>
        <dt>{t("rails.drift")}</dt>
        <dd>{rails.drift ? t("rails.pauses") : "–"}</dd>
        <dt>{t("rails.correct")}</dt>
        <dd>{share(rails.least_correct_share, 2)}</dd>
        <dt>{t("rails.calls")}</dt>
        <dd>{count(rails.least_calls)}</dd>
      </dl>
    </section>
  );
}

function Counters({ item }: { item: Rollout }) {
  const { t } = useTranslation("deployments");
  const { count, share, figure } = useNumbers();
  const columns = ["province", "percent", "ready", "calls", "failures", "p99", "correct"] as const;
  return (
    <section>
      <h3>{t("counters.title")}</h3>
      <table className={style.table}>
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col">
                {t(`counters.${name}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {item.provinces.map((one) => (
            <tr key={one.province}>
              <th scope="row">
                {one.province}
                {one.broken.map((reason) => (
                  <div key={reason} data-tick="different">
                    ✗ {reason}
                  </div>
                ))}
              </th>
              <td>{one.percent}%</td>
              <td>{one.ready}</td>
              <td>{count(one.calls)}</td>
              <td>
                {one.calls === 0 ? "–" : share(one.failures / one.calls, 2)} ({count(one.failures)})
              </td>
              <td>{figure(one.p99_ms)}</td>
              <td>
                {share(one.correct_share)} (n {count(one.labelled)})
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
