import { useQueryClient } from "@tanstack/react-query";
import { Button, Form, Input, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, newIdempotencyKey } from "../../api/client";
import { inHours, RULES, SILENCES } from "./names";
import type { Alarm } from "./useAlarms";

interface Wish {
  rule?: Alarm["rule"];
  province?: string;
  capability?: string;
  hours: number;
  reason: string;
}

/** Says which alarms nobody wants to hear for a time, and why. */
export function SilenceForm() {
  const { t } = useTranslation("alarms");
  const queries = useQueryClient();
  const [form] = Form.useForm<Wish>();
  const [error, setError] = useState<string | null>(null);
  const [key, setKey] = useState(newIdempotencyKey);

  const send = async ({ rule, province, capability, hours, reason }: Wish) => {
    setError(null);
    const body = {
      rule: rule ?? null,
      province: province || null,
      capability: capability || null,
      ends_at: inHours(hours),
      reason,
    };
    try {
      await ask(
        api.POST("/api/v1/alarm-silences", {
          params: { header: { "idempotency-key": key } },
          body,
        }),
      );
      form.resetFields();
      setKey(newIdempotencyKey());
      await queries.invalidateQueries({ queryKey: ["alarms"] });
    } catch (refusal) {
      setError(refusal instanceof Error ? refusal.message : String(refusal));
    }
  };
  return (
    <Form<Wish>
      form={form}
      layout="inline"
      initialValues={{ hours: 4 }}
      onFinish={(wish) => void send(wish)}
    >
      <Form.Item name="rule" label={t("column.rule")}>
        <Select
          allowClear
          popupMatchSelectWidth={false}
          placeholder={t("all")}
          options={RULES.map((name) => ({ value: name, label: t(`rule.${name}`) }))}
        />
      </Form.Item>
      <Form.Item name="province" label={t("province")}>
        <Input placeholder={t("all")} />
      </Form.Item>
      <Form.Item name="capability" label={t("capability")}>
        <Input placeholder={t("all")} />
      </Form.Item>
      <Form.Item name="hours" label={t("for")}>
        <Select
          options={SILENCES.map((hours) => ({ value: hours, label: t("hours", { count: hours }) }))}
        />
      </Form.Item>
      <Form.Item
        name="reason"
        label={t("reason")}
        rules={[{ required: true, min: 3, message: t("reason-needed") }]}
      >
        <Input />
      </Form.Item>
      <Button htmlType="submit">{t("act.silence")}</Button>
      {error !== null && <p role="alert">{error}</p>}
    </Form>
  );
}
