import { Form, Input, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";

/** A plan as its form holds it. */
export type PlanValues = Schemas["PlanBody"] & { name: string };

const FIGURES = [
  { name: "daily_quota", unit: "unit.day", least: 1, step: 1000 },
  { name: "rate_per_second", unit: "unit.second", least: 0.01, step: 1 },
  { name: "concurrency", unit: "unit.calls", least: 1, step: 1 },
] as const;

const WIDE = { width: "100%" };

/** The fields of a plan; its name is chosen once. */
export function PlanFields({ isNew = false }: { isNew?: boolean }) {
  const { t } = useTranslation("admin");
  const needed = [{ required: true, message: t("needed") }];
  const name = [...needed, { pattern: /^[a-z][a-z0-9-]{0,30}$/, message: t("plan.name-rule") }];
  const approvals = (["self", "reviewed"] as const).map((value) => ({
    value,
    label: t(`plan.approvals.${value}`),
  }));
  return (
    <>
      {isNew && (
        <Form.Item name="name" label={t("short-name")} rules={name} extra={t("plan.name-rule")}>
          <Input placeholder="night" />
        </Form.Item>
      )}
      <Form.Item name={["titles", "zh"]} label={t("title-zh")} rules={needed}>
        <Input />
      </Form.Item>
      <Form.Item name={["titles", "en"]} label={t("title-en")} rules={needed}>
        <Input />
      </Form.Item>
      <Form.Item name="approval" label={t("plan.approval")} extra={t("plan.approval-help")}>
        <Select options={approvals} />
      </Form.Item>
      {FIGURES.map((figure) => (
        <Form.Item
          key={figure.name}
          name={figure.name}
          label={t(`plan.${figure.name}`)}
          rules={needed}
        >
          <InputNumber
            style={WIDE}
            min={figure.least}
            step={figure.step}
            suffix={t(`plan.${figure.unit}`)}
          />
        </Form.Item>
      ))}
      <Form.Item name="longest_days" label={t("plan.longest_days")} extra={t("plan.longest-help")}>
        <InputNumber style={WIDE} min={1} max={3650} precision={0} suffix={t("plan.unit.days")} />
      </Form.Item>
      <Form.Item name="price_label" label={t("plan.price_label")} extra={t("plan.price-help")}>
        <Input maxLength={200} />
      </Form.Item>
    </>
  );
}
