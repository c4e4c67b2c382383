import { useQueryClient } from "@tanstack/react-query";
import { Button, Form, InputNumber } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Schemas } from "../../api/client";

interface Wish {
  availability: number;
  p99: number;
}

/** Sets what is promised; the next measurement, within a minute, takes it. */
export function TargetForm({ item }: { item: Schemas["ObjectiveDetailView"] }) {
  const { t } = useTranslation("operations");
  const queries = useQueryClient();
  const [said, setSaid] = useState<string | null>(null);

  const save = async ({ availability, p99 }: Wish) => {
    try {
      await ask(
        api.PUT("/api/v1/objectives/{capability}", {
          params: {
            path: { capability: item.capability },
            query: item.province === "" ? {} : { province: item.province },
          },
          body: { availability: availability / 100, p99_ms: p99 },
        }),
      );
      setSaid(t("saved"));
      await queries.invalidateQueries({ queryKey: ["objectives"] });
    } catch (refusal) {
      setSaid(refusal instanceof Error ? refusal.message : String(refusal));
    }
  };
  return (
    <section>
      <h3>{t("targets")}</h3>
      <Form<Wish>
        layout="inline"
        initialValues={{
          availability: Number((item.availability.target * 100).toFixed(4)),
          p99: item.latency.target,
        }}
        onFinish={(wish) => void save(wish)}
      >
        <Form.Item name="availability" label={t("availability")} rules={[{ required: true }]}>
          <InputNumber min={1} max={99.9999} step={0.01} suffix="%" />
        </Form.Item>
        <Form.Item name="p99" label="p99" rules={[{ required: true }]}>
          <InputNumber min={1} max={600_000} suffix="ms" />
        </Form.Item>
        <Button htmlType="submit">{t("save")}</Button>
      </Form>
      {said !== null && <p role="status">{said}</p>}
    </section>
  );
}
