import { Button, Form, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, newIdempotencyKey, type Schemas } from "../../api/client";
import { useNames } from "../../shared/useNames";
import { useUrlChange } from "../../shared/useUrlState";
import { RailFields, type RailWish, railsOf } from "./RailFields";
import { StageFields } from "./StageFields";
import { type Deployment, useChange, usePublished } from "./useDeployments";

interface Wish extends RailWish {
  version: string;
  stages: Schemas["StageBody"][];
}

/** Begins a roll-out: a little of the traffic here first, then more, then the other provinces. */
export function RolloutForm({ item }: { item: Deployment }) {
  const { t } = useTranslation("deployments");
  const [key] = useState(newIdempotencyKey);
  const name = useNames().provinceOf(item.province);
  const change = useUrlChange();
  const begin = useChange(({ version, stages, ...rails }: Wish) =>
    ask(
      api.POST("/api/v1/rollouts", {
        params: { header: { "idempotency-key": key } },
        body: { capability: item.capability, version, stages, rails: railsOf(rails) },
      }),
    ).then((made) => change({ rollout: made.id, deployment: undefined, tab: "rollouts" }, "push")),
  );
  return (
    <Form<Wish>
      layout="vertical"
      requiredMark={false}
      initialValues={{
        stages: [10, 50, 100].map((percent) => ({
          ...{ provinces: [item.province], percent, soak_minutes: 30 },
        })),
        ...{ failures: 1, p99: null, drift: true, calls: 100 },
      }}
      onFinish={(wish) => begin.mutate(wish)}
    >
      <p>{t("begin.text", { province: name })}</p>
      <VersionField item={item} />
      <StageFields />
      <RailFields />
      {begin.error !== null && <p role="alert">{begin.error.message}</p>}
      <Button type="primary" htmlType="submit" loading={begin.isPending}>
        {t("begin.act")}
      </Button>
    </Form>
  );
}

function VersionField({ item }: { item: Deployment }) {
  const { t } = useTranslation("deployments");
  const { data: published = [], isPending } = usePublished(item.capability);
  const only = item.versions.length === 1 ? item.versions[0]?.version : undefined;
  const options = published
    .filter(({ version }) => version !== only)
    .map(({ version }) => ({ value: version, label: version }));
  return (
    <Form.Item
      name="version"
      label={t("begin.version")}
      rules={[{ required: true, message: t("begin.version-needed") }]}
      extra={!isPending && options.length === 0 && t("begin.no-version")}
    >
      <Select loading={isPending} options={options} />
    </Form.Item>
  );
}
