import { Alert, Button, DatePicker, Form, Input, Select } from "antd";
import type { Dayjs } from "dayjs";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { newIdempotencyKey } from "../../api/client";
import { useSession } from "../../app/session";
import { useNames } from "../../shared/useNames";
import { useProvince, useProvinces } from "../../shared/useProvince";
import { useTitle } from "../../shared/useTitle";
import { useUrlState } from "../../shared/useUrlState";
import { TermsFields } from "./TermsFields";
import {
  register,
  request,
  type Subscription,
  useApplications,
  useDo,
  useOffers,
} from "./useSubscriptions";

interface Fields {
  capability: string;
  /** An application's id, or empty for a new one. */
  application: string;
  name?: string;
  province?: string;
  plan: string;
  daily_quota?: number | null;
  rate_per_second?: number | null;
  concurrency?: number | null;
  purpose: string;
  cost_centre?: string;
  period?: [Dayjs | null, Dayjs | null] | null;
}

interface Props {
  onAsked: (subscription: Subscription, secret: string | undefined) => void;
}

/** Application, plan, quota, purpose and dates; what was typed stays whatever the center says. */
export function RequestForm({ onAsked }: Props) {
  const { t } = useTranslation("subscriptions");
  const title = useTitle();
  const { user } = useSession();
  const [province] = useProvince();
  const [wanted] = useUrlState("capability");
  const [form] = Form.useForm<Fields>();
  const applications = useApplications().data ?? [];
  const offers = useOffers().data ?? [];
  const provinces = useProvinces().data ?? [];
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const run = useDo();
  const { provinceOf } = useNames();
  const isNew = Form.useWatch("application", form) === "";
  const send = async (fields: Fields) => {
    setBusy(true);
    setError(null);
    try {
      await run(() => submit(fields, form, onAsked));
    } catch (refusal) {
      setError(refusal instanceof Error ? refusal : new Error(String(refusal)));
    } finally {
      setBusy(false);
    }
  };
  const home = provinces.some((one) => one.name === user.organisation)
    ? user.organisation
    : province || undefined;
  // The provinces may come after the form; what somebody chose meanwhile stays.
  useEffect(() => {
    if (home !== undefined && !form.getFieldValue("province")) form.setFieldValue("province", home);
  }, [form, home]);
  const initial = { plan: "trial", application: "", capability: wanted || undefined };
  return (
    <Form
      form={form}
      layout="vertical"
      onFinish={(fields) => void send(fields)}
      initialValues={{ ...initial, province: home }}
    >
      <Form.Item name="capability" label={t("field.capability")} rules={[{ required: true }]}>
        <Select
          showSearch={{ optionFilterProp: "label" }}
          options={offers.map((item) => ({
            value: item.name,
            label: `${title(item.titles)} (${item.name})`,
          }))}
        />
      </Form.Item>
      <Form.Item name="application" label={t("field.application")}>
        <Select
          options={[
            { value: "", label: t("new-application") },
            ...applications.map((item) => ({
              value: item.client_id,
              label: `${item.name} (${provinceOf(item.province)})`,
            })),
          ]}
        />
      </Form.Item>
      {isNew && (
        <>
          <Form.Item name="name" label={t("field.name")} rules={[{ required: true }]}>
            <Input maxLength={100} />
          </Form.Item>
          <Form.Item name="province" label={t("column.province")} rules={[{ required: true }]}>
            <Select
              options={provinces.map((one) => ({ value: one.name, label: title(one.titles) }))}
            />
          </Form.Item>
        </>
      )}
      <TermsFields form={form} />
      <Form.Item
        name="purpose"
        label={t("field.purpose")}
        rules={[{ required: true, min: 3, max: 2000 }]}
      >
        <Input.TextArea rows={2} />
      </Form.Item>
      <Form.Item name="period" label={t("field.period")} extra={t("period-text")}>
        <DatePicker.RangePicker allowEmpty={[true, true]} aria-label={t("field.period")} />
      </Form.Item>
      <Form.Item name="cost_centre" label={t("column.cost-centre")}>
        <Input maxLength={100} />
      </Form.Item>
      {error !== null && <Alert type="error" showIcon title={error.message} />}
      <Button type="primary" htmlType="submit" loading={isBusy}>
        {t("send")}
      </Button>
    </Form>
  );
}

type FieldForm = ReturnType<typeof Form.useForm<Fields>>[0];

async function submit(fields: Fields, form: FieldForm, onAsked: Props["onAsked"]) {
  const { name = "", province = "", period, ...rest } = fields;
  let application = rest.application;
  let secret: string | undefined;
  if (application === "") {
    const made = await register(name, province);
    ({ client_id: application, client_secret: secret } = made);
    // Sent again after a refusal, the request is for the application that exists now.
    form.setFieldValue("application", application);
  }
  const body = {
    capability: rest.capability,
    application,
    plan: rest.plan,
    daily_quota: rest.daily_quota ?? null,
    rate_per_second: rest.rate_per_second ?? null,
    concurrency: rest.concurrency ?? null,
    purpose: rest.purpose,
    cost_centre: rest.cost_centre ?? "",
    starts_at: period?.[0]?.startOf("day").toISOString() ?? null,
    ends_at: period?.[1]?.endOf("day").toISOString() ?? null,
  };
  onAsked(await request(body, newIdempotencyKey()), secret);
}
