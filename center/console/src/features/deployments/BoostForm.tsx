import { Button, Form, Input, InputNumber } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, newIdempotencyKey, type Schemas } from "../../api/client";
import { type Place, useChange } from "./useDeployments";

type Body = Schemas["BoostBody"];

/** More replicas for a time, against a flood of calls. */
export function BoostForm({ place }: { place: Place }) {
  const { t } = useTranslation("deployments");
  const [key] = useState(newIdempotencyKey);
  const boost = useChange((body: Body) =>
    ask(
      api.POST("/api/v1/provinces/{province}/deployments/{capability}:boost", {
        params: { path: { ...place }, header: { "idempotency-key": key } },
        body,
      }),
    ),
  );
  return (
    <Form<Body>
      layout="vertical"
      initialValues={{ replicas: 4, minutes: 60 }}
      onFinish={(body) => boost.mutate(body)}
    >
      <p>{t("boost.text")}</p>
      <Form.Item name="replicas" label={t("boost.replicas")} rules={[{ required: true }]}>
        <InputNumber min={1} max={1000} precision={0} />
      </Form.Item>
      <Form.Item name="minutes" label={t("boost.minutes")} rules={[{ required: true }]}>
        <InputNumber min={1} max={1440} precision={0} />
      </Form.Item>
      <Form.Item name="reason" label={t("reason")} rules={[{ required: true }]}>
        <Input maxLength={500} />
      </Form.Item>
      {boost.error !== null && <p role="alert">{boost.error.message}</p>}
      {boost.isSuccess && <p role="status">{t("boost.done")}</p>}
      <Button type="primary" htmlType="submit" loading={boost.isPending}>
        {t("boost.act")}
      </Button>
    </Form>
  );
}
