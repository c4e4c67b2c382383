import { useTranslation } from "react-i18next";
import { useNumbers } from "../../shared/numbers";
import { useNames } from "../../shared/useNames";
import style from "./Deployments.module.css";
import type { Rollout } from "./useDeployments";

/** What was ordered: the stages, which of them is in force, and what pauses the roll-out. */
export function RolloutStages({ item }: { item: Rollout }) {
  const { t } = useTranslation("deployments");
  const { provincesOf } = useNames();
  const isOpen = item.state === "running" || item.state === "paused";
  return (
    <>
      <section>
        <h3>{t("rollout.stages")}</h3>
        <ol className={style.stages}>
          {item.stages.map((stage, index) => (
            <li
              key={`${stage.percent} ${stage.provinces.join()}`}
              {...(isOpen && index === item.stage && { "aria-current": "step" as const })}
            >
              {stage.percent}% · {provincesOf(stage.provinces)} ·{" "}
              {t("rollout.soak", { count: stage.soak_minutes })}
            </li>
          ))}
        </ol>
      </section>
      <Rails item={item} />
    </>
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
