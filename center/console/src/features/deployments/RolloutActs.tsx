import { Form, Input } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { api, ask } from "../../api/client";
import { FormDialog } from "../../shared/FormDialog";
import { useNames } from "../../shared/useNames";
import style from "./Deployments.module.css";
import { RollBackText } from "./RollBackText";
import { type Rollout, useChange } from "./useDeployments";

const PATHS = {
  pause: "/api/v1/rollouts/{rollout}:pause",
  continue: "/api/v1/rollouts/{rollout}:continue",
  "roll-back": "/api/v1/rollouts/{rollout}:roll-back",
} as const;
type Act = keyof typeof PATHS;

/** Pause, continue, roll back: each says first what will happen, and asks why. */
export function RolloutActs({ item }: { item: Rollout }) {
  const { t } = useTranslation("deployments");
  if (item.state === "rolled-back") return null;
  const percent = item.stages[item.stage]?.percent ?? 0;
  const turn = { running: "pause", paused: "continue", finished: undefined } as const;
  const act = turn[item.state];
  return (
    <div className={style.acts}>
      {act !== undefined && (
        <ActDialog item={item} act={act}>
          <p>{t(`act.${act}-text`, { percent, version: item.version })}</p>
        </ActDialog>
      )}
      <ActDialog item={item} act="roll-back">
        <RollBackText item={item} />
      </ActDialog>
    </div>
  );
}

function ActDialog({ item, act, children }: { item: Rollout; act: Act; children: ReactNode }) {
  const { t } = useTranslation("deployments");
  const capability = useNames().capabilityOf(item.capability);
  const change = useChange((body: { reason: string }) =>
    ask(api.POST(PATHS[act], { params: { path: { rollout: item.id } }, body })),
  );
  return (
    <FormDialog<{ reason: string }>
      act={t(`act.${act}`)}
      title={t(`act.${act}-title`, { capability, version: item.version })}
      isPrimary={act === "continue"}
      isDanger={act === "roll-back"}
      onSubmit={(body) => change.mutateAsync(body).then(() => null)}
    >
      {children}
      <Form.Item
        name="reason"
        label={t("reason")}
        rules={[{ required: true, whitespace: true, message: t("act.reason-needed") }]}
      >
        <Input maxLength={500} placeholder={t(`act.${act}-reason`)} />
      </Form.Item>
    </FormDialog>
  );
}
