import { Button, Form, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import { KINDS, toBody, type Wish } from "./rules";
import { useChange, useChannels, useWebhooks } from "./useNotifications";

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Says what one wants to hear of, by which way, and when. */
export function RuleForm() {
  const { t } = useTranslation("notifications");
  const [form] = Form.useForm<Wish>();
  const channel = Form.useWatch("channel", form) ?? "console";
  const timing = Form.useWatch("timing", form) ?? "at-once";
  const { addRule } = useChange();
  const save = (wish: Wish) =>
    addRule.mutate(toBody(wish, zone), { onSuccess: () => form.resetFields() });
  return (
    <Form<Wish>
      form={form}
      layout="vertical"
      style={{ maxWidth: 560 }}
      initialValues={{ severity: "warning", channel: "console", timing: "at-once" }}
      onFinish={save}
    >
      <Form.Item name="kinds" label={t("column.kinds")} extra={t("none-means-all")}>
        <Select
          mode="multiple"
          options={KINDS.map((kind) => ({ value: kind, label: t(`kind.${kind}`) }))}
        />
      </Form.Item>
      <Form.Item name="provinces" label={t("column.provinces")} extra={t("none-means-all")}>
        <Select mode="tags" open={false} tokenSeparators={[",", " "]} />
      </Form.Item>
      <Form.Item name="severity" label={t("column.severity")}>
        <Select
          options={(["critical", "warning", "notice"] as const).map((name) => ({
            value: name,
            label: t(`severity.${name}`),
          }))}
        />
      </Form.Item>
      <Channel channel={channel} />
      {channel !== "console" && (
        <>
          <Form.Item name="timing" label={t("column.timing")}>
            <Select
              options={[
                { value: "at-once", label: t("at-once") },
                { value: "digest", label: t("digest") },
              ]}
            />
          </Form.Item>
          {timing === "digest" ? (
            <Form.Item name="digest" label={t("digest-time", { zone })}>
              <Input type="time" />
            </Form.Item>
          ) : (
            <>
              <Form.Item name="from" label={t("quiet-from", { zone })} extra={t("quiet-hint")}>
                <Input type="time" />
              </Form.Item>
              <Form.Item name="to" label={t("quiet-to")}>
                <Input type="time" />
              </Form.Item>
            </>
          )}
        </>
      )}
      {addRule.error !== null && <p role="alert">{addRule.error.message}</p>}
      <Button type="primary" htmlType="submit" loading={addRule.isPending}>
        {t("act.add-rule")}
      </Button>
    </Form>
  );
}

function Channel({ channel }: { channel: Wish["channel"] }) {
  const { t } = useTranslation("notifications");
  const channels = useChannels().data;
  const webhooks = useWebhooks().data ?? [];
  return (
    <>
      <Form.Item
        name="channel"
        label={t("column.channel")}
        {...(channels?.email === false && { extra: t("email-off") })}
      >
        <Select
          options={[
            { value: "console", label: t("channel.console") },
            { value: "email", label: t("channel.email"), disabled: channels?.email !== true },
            { value: "webhook", label: t("channel.webhook"), disabled: webhooks.length === 0 },
          ]}
        />
      </Form.Item>
      {channel === "email" && (
        <Form.Item
          name="target"
          label={t("address")}
          rules={[{ required: true, type: "email", message: t("address-needed") }]}
        >
          <Input type="email" />
        </Form.Item>
      )}
      {channel === "webhook" && (
        <Form.Item
          name="target"
          label={t("channel.webhook")}
          rules={[{ required: true, message: t("webhook-needed") }]}
        >
          <Select options={webhooks.map(({ id, name }) => ({ value: id, label: name }))} />
        </Form.Item>
      )}
    </>
  );
}
