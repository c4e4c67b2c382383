import { Form, type FormInstance, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";
import { useTitle } from "../../shared/useTitle";
import style from "./Subscriptions.module.css";
import { usePlans } from "./useSubscriptions";

const FIGURES = ["daily_quota", "rate_per_second", "concurrency"] as const;

/** A plan, and figures that are the plan's where they are left empty. */
export function TermsFields({ form }: { form: FormInstance }) {
  const { t } = useTranslation("subscriptions");
  const title = useTitle();
  const plans = usePlans().data ?? [];
  const chosen = Form.useWatch("plan", form);
  const plan = plans.find((one) => one.name === chosen);
  return (
    <>
      <Form.Item
        name="plan"
        label={t("column.plan")}
        rules={[{ required: true }]}
        extra={plan && t(`approval.${plan.approval}`, { days: plan.longest_days ?? 0 })}
      >
        <Select
          options={plans
            .filter((one) => one.is_open)
            .map((one) => ({
              value: one.name,
              label: [title(one.titles), one.price_label].filter(Boolean).join(" · "),
            }))}
        />
      </Form.Item>
      <div className={style.figures}>
        {FIGURES.map((name) => {
          const most = plan?.approval === "self" ? { max: plan[name] } : {};
          return (
            <Form.Item
              key={name}
              name={name}
              label={t(`field.${name}`)}
              rules={[{ type: "number", min: 0, ...most }]}
            >
              <InputNumber placeholder={plan && String(plan[name])} style={{ width: "100%" }} />
            </Form.Item>
          );
        })}
      </div>
    </>
  );
}
