import { useTranslation } from "react-i18next";
import { api, ask } from "../../api/client";
import { ConfirmAct } from "../../shared/ConfirmAct";
import style from "./Deployments.module.css";
import { type Rollout, useChange } from "./useDeployments";

const PATHS = {
  pause: "/api/v1/rollouts/{rollout}:pause",
  continue: "/api/v1/rollouts/{rollout}:continue",
  "roll-back": "/api/v1/rollouts/{rollout}:roll-back",
} as const;
type Act = keyof typeof PATHS;

/** Pause, continue, roll back: each says first what will happen. */
export function RolloutActs({ item }: { item: Rollout }) {
  const { t } = useTranslation("deployments");
  const change = useChange((act: Act) =>
    ask(
      api.POST(PATHS[act], {
        params: { path: { rollout: item.id } },
        body: { reason: t(`act.${act}-reason`) },
      }),
    ),
  );
  if (item.state !== "running" && item.state !== "paused") return null;
  const stage = item.stages[item.stage];
  const reached = item.provinces.filter((one) => one.percent > 0).map((one) => one.province);
  const turn: Act = item.state === "running" ? "pause" : "continue";
  return (
    <div className={style.acts}>
      <ConfirmAct
        act={t(`act.${turn}`)}
        title={t(`act.${turn}`)}
        consequence={t(`act.${turn}-text`, { percent: stage?.percent ?? 0 })}
        isPrimary={turn === "continue"}
        onConfirm={() => change.mutateAsync(turn)}
      />
      <ConfirmAct
        act={t("act.roll-back")}
        title={t("act.roll-back")}
        consequence={t("act.roll-back-text", {
          version: item.version,
          provinces: reached.join(", "),
        })}
        isDanger
        onConfirm={() => change.mutateAsync("roll-back")}
      />
    </div>
  );
}
