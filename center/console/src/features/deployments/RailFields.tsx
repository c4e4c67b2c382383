import { Form, InputNumber, Switch } from "antd";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import style from "./Deployments.module.css";

/** What somebody types about guard rails. */
export interface RailWish {
  /** Failed calls at most, percent; null does not look at them. */
  failures: number | null;
  /** Milliseconds; null does not look at it. */
  p99: number | null;
  drift: boolean;
  calls: number;
}

/** What pauses a roll-out by itself. */
export function RailFields() {
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
        <Form.Item
          name="calls"
          label={t("rails.calls")}
          rules={[{ required: true, message: t("rails.calls-needed") }]}
        >
          <InputNumber min={0} precision={0} />
        </Form.Item>
        <Form.Item name="drift" label={t("rails.drift")} valuePropName="checked">
          <Switch aria-label={t("rails.drift")} />
        </Form.Item>
      </div>
    </fieldset>
  );
}

/** The rails as the center takes them. */
export function railsOf({ failures, p99, drift, calls }: RailWish): Schemas["RailsBody"] {
  return {
    failure_share: failures === null ? null : failures / 100,
    p99_ms: p99,
    drift,
    least_calls: calls,
  };
}
