import { Button, Form, Input, InputNumber, Select, Switch } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, newIdempotencyKey, type Schemas } from "../../api/client";
import { useProvinces } from "../../shared/useProvince";
import { useTitle } from "../../shared/useTitle";
import { useUrlChange } from "../../shared/useUrlState";
import style from "./Deployments.module.css";
import { type Deployment, useChange } from "./useDeployments";

type Body = Schemas["RolloutBody"];

interface Wish {
  version: string;
  canary: number;
  percent: number;
  soak: number;
  others: string[];
  failures: number;
  p99: number | null;
  drift: boolean;
  calls: number;
}

/** Begins a roll-out: a canary here, more here, all here, and then the other provinces. */
export function RolloutForm({ item }: { item: Deployment }) {
  const { t } = useTranslation("deployments");
  const [key] = useState(newIdempotencyKey);
  const change = useUrlChange();
  const begin = useChange((wish: Wish) =>
    ask(
      api.POST("/api/v1/rollouts", {
        params: { header: { "idempotency-key": key } },
        body: bodyOf(item, wish),
      }),
    ).then((made) => change({ rollout: made.id, deployment: undefined, tab: "rollouts" }, "push")),
  );
  return (
    <Form<Wish>
      layout="vertical"
      initialValues={{
        ...{ canary: 10, percent: 50, soak: 30, others: [] },
        ...{ failures: 1, p99: null, drift: true, calls: 100 },
      }}
      onFinish={(wish) => begin.mutate(wish)}
    >
      <p>{t("begin.text", { province: item.province })}</p>
      <Stages item={item} />
      <Rails />
      {begin.error !== null && <p role="alert">{begin.error.message}</p>}
      <Button type="primary" htmlType="submit" loading={begin.isPending}>
        {t("begin.act")}
      </Button>
    </Form>
  );
}

function Stages({ item }: { item: Deployment }) {
  const { t } = useTranslation("deployments");
  const say = useTitle();
  const { data: provinces = [] } = useProvinces();
  const others = provinces.filter((one) => one.name !== item.province);
  return (
    <>
      <Form.Item
        name="version"
        label={t("split.version")}
        rules={[{ required: true, pattern: /^\d+\.\d+\.\d+$/, message: t("split.bad-version") }]}
      >
        <Input placeholder="2.0.0" />
      </Form.Item>
      <div className={style.acts}>
        <Form.Item name="canary" label={t("begin.canary")} rules={[{ required: true }]}>
          <InputNumber min={1} max={99} precision={0} suffix="%" />
        </Form.Item>
        <Form.Item name="percent" label={t("begin.percent")} rules={[{ required: true }]}>
          <InputNumber min={1} max={99} precision={0} suffix="%" />
        </Form.Item>
        <Form.Item name="soak" label={t("begin.soak")} rules={[{ required: true }]}>
          <InputNumber min={0} max={10_080} precision={0} />
        </Form.Item>
      </div>
      <Form.Item name="others" label={t("begin.others")}>
        <Select
          mode="multiple"
          options={others.map((one) => ({ value: one.name, label: say(one.titles) }))}
        />
      </Form.Item>
    </>
  );
}

function Rails() {
  const { t } = useTranslation("deployments");
  return (
    <fieldset className={style.rails}>
      <legend>{t("rails.title")}</legend>
      <div className={style.acts}>
        <Form.Item name="failures" label={t("rails.failures")}>
          <InputNumber min={0} max={100} step={0.1} suffix="%" />
        </Form.Item>
        <Form.Item name="p99" label={t("rails.p99")}>
          <InputNumber min={1} />
        </Form.Item>
        <Form.Item name="calls" label={t("rails.calls")}>
          <InputNumber min={0} precision={0} />
        </Form.Item>
        <Form.Item name="drift" label={t("rails.drift")} valuePropName="checked">
          <Switch aria-label={t("rails.drift")} />
        </Form.Item>
      </div>
    </fieldset>
  );
}

/** Stages of a wish: this province first, in steps; the others at once, at the end. */
function bodyOf(item: Deployment, wish: Wish): Body {
  const here = (percent: number) => ({
    provinces: [item.province],
    percent,
    soak_minutes: wish.soak,
  });
  const there = { provinces: wish.others, percent: 100, soak_minutes: wish.soak };
  const steps = [...new Set([wish.canary, wish.percent, 100])].sort((a, b) => a - b).map(here);
  return {
    capability: item.capability,
    version: wish.version,
    stages: wish.others.length > 0 ? [...steps, there] : steps,
    rails: {
      failure_share: wish.failures / 100,
      p99_ms: wish.p99,
      drift: wish.drift,
      least_calls: wish.calls,
    },
  };
}
