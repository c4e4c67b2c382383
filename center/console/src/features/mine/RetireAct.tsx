import { DatePicker, Form, Input, Select } from "antd";
import type { Dayjs } from "dayjs";
import { useTranslation } from "react-i18next";
import { ConfirmAct } from "../../shared/ConfirmAct";
import { useNames } from "../../shared/useNames";
import { type Of, useAffected, useVersionActs, useVersions } from "./useMine";

interface Fields {
  retires_at: Dayjs;
  reason: string;
  successor?: string;
}

/** Announces the end of a version to whom it concerns; who they are is said first. */
export function RetireAct({ of }: { of: Of }) {
  const { t } = useTranslation("mine");
  const [form] = Form.useForm<Fields>();
  const { retire } = useVersionActs(of);
  const { provincesOf } = useNames();
  const affected = useAffected(of).data;
  const versions = useVersions(of.name).data ?? [];
  const places = new Set(affected?.items.map((one) => one.province));
  const send = async () => {
    const { retires_at, reason, successor } = await form.validateFields();
    await retire({
      retires_at: retires_at.endOf("day").toISOString(),
      reason,
      successor: successor ? { capability: of.name, version: successor } : null,
    });
  };
  const content = (
    <>
      <p>
        {t("affects", {
          count: affected?.total ?? 0,
          provinces: provincesOf([...places]) || "–",
        })}
      </p>
      <Form form={form} layout="vertical">
        <Form.Item name="retires_at" label={t("retires-at")} rules={[{ required: true }]}>
          <DatePicker disabledDate={(day) => day.valueOf() < Date.now()} />
        </Form.Item>
        <Form.Item name="successor" label={t("successor")}>
          <Select
            allowClear
            options={versions
              .filter((one) => one.stage === "published" && one.version !== of.version)
              .map((one) => ({ value: one.version, label: one.version }))}
          />
        </Form.Item>
        <Form.Item name="reason" label={t("reason")} rules={[{ required: true, min: 3 }]}>
          <Input.TextArea rows={2} />
        </Form.Item>
      </Form>
    </>
  );
  return (
    <ConfirmAct
      act={t("retire")}
      title={t("retire-title", { ...of })}
      consequence={content}
      isDanger
      onConfirm={send}
    />
  );
}
