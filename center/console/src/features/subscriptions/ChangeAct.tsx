import { DatePicker, Form, Input } from "antd";
import type { Dayjs } from "dayjs";
import { useTranslation } from "react-i18next";
import { ConfirmAct } from "../../shared/ConfirmAct";
import { TermsFields } from "./TermsFields";
import { requestChange, type Subscription, useDo } from "./useSubscriptions";

interface Fields {
  plan: string;
  daily_quota?: number | null;
  rate_per_second?: number | null;
  concurrency?: number | null;
  ends_at?: Dayjs | null;
  why: string;
}

/** Asks for another plan, quota or end. */
export function ChangeAct({ item }: { item: Subscription }) {
  const { t } = useTranslation("subscriptions");
  const [form] = Form.useForm<Fields>();
  const run = useDo();
  const send = async () => {
    const { ends_at, ...fields } = await form.validateFields();
    const body = {
      plan: fields.plan,
      daily_quota: fields.daily_quota ?? null,
      rate_per_second: fields.rate_per_second ?? null,
      concurrency: fields.concurrency ?? null,
      why: fields.why,
      ends_at: ends_at?.endOf("day").toISOString() ?? item.ends_at ?? null,
    };
    await run(() => requestChange(item.id, body));
  };
  const { plan, daily_quota, rate_per_second, concurrency } = item;
  const content = (
    <Form
      form={form}
      layout="vertical"
      initialValues={{ plan, daily_quota, rate_per_second, concurrency }}
    >
      <TermsFields form={form} />
      <Form.Item name="ends_at" label={t("field.ends_at")}>
        <DatePicker />
      </Form.Item>
      <Form.Item name="why" label={t("field.why")} rules={[{ required: true, min: 3 }]}>
        <Input.TextArea rows={2} />
      </Form.Item>
    </Form>
  );
  return (
    <ConfirmAct act={t("act.change")} title={t("change")} consequence={content} onConfirm={send} />
  );
}
