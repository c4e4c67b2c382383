import { App, Button, Form, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import { Age } from "../../shared/Age";
import { CopyButton } from "../../shared/CopyButton";
import { Notice } from "../../shared/Notice";
import { QueryStates } from "../../shared/QueryStates";
import style from "./Notifications.module.css";
import { useChange, useChannels, useWebhooks, type Webhook } from "./useNotifications";

/** Addresses that take one's notifications; a new one's secret is shown once. */
export function Webhooks() {
  const { t } = useTranslation("notifications");
  const channels = useChannels().data;
  const query = useWebhooks();
  return (
    <>
      <QueryStates
        query={query}
        isEmpty={(webhooks) => webhooks.length === 0}
        empty={<Notice title={t("no-webhooks")}>{t("no-webhooks-text")}</Notice>}
      >
        {(webhooks) => (
          <ul className={style.list}>
            {webhooks.map((webhook) => (
              <Line key={webhook.id} webhook={webhook} />
            ))}
          </ul>
        )}
      </QueryStates>
      {channels?.webhooks === true ? <NewWebhook /> : <p className="quiet">{t("webhooks-off")}</p>}
    </>
  );
}

function Line({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation("notifications");
  const { message } = App.useApp();
  const { dropWebhook } = useChange();
  const drop = () =>
    dropWebhook.mutate(webhook.id, {
      onError: (refusal) => void message.error(refusal.message),
    });
  return (
    <li>
      <strong>{webhook.name}</strong> <code>{webhook.url}</code>{" "}
      <span className="quiet">
        <Age at={webhook.created_at} />
      </span>{" "}
      <Button size="small" onClick={drop}>
        {t("act.remove")}
      </Button>
    </li>
  );
}

function NewWebhook() {
  const { t } = useTranslation("notifications");
  const [form] = Form.useForm<Schemas["WebhookBody"]>();
  const [made, setMade] = useState<Schemas["NewWebhookView"] | null>(null);
  const { addWebhook } = useChange();
  const save = (body: Schemas["WebhookBody"]) =>
    addWebhook.mutate(body, {
      onSuccess: (item) => {
        setMade(item);
        form.resetFields();
      },
    });
  return (
    <>
      {made !== null && (
        <p role="status">
          {t("secret-once", { name: made.name })} <code>{made.secret}</code>{" "}
          <CopyButton text={made.secret} />
        </p>
      )}
      <Form<Schemas["WebhookBody"]>
        form={form}
        layout="vertical"
        style={{ maxWidth: 560 }}
        onFinish={save}
      >
        <Form.Item
          name="name"
          label={t("name")}
          rules={[{ required: true, message: t("name-needed") }]}
        >
          <Input maxLength={100} />
        </Form.Item>
        <Form.Item
          name="url"
          label={t("url")}
          extra={t("url-hint")}
          rules={[{ required: true, type: "url", message: t("url-needed") }]}
        >
          <Input type="url" />
        </Form.Item>
        {addWebhook.error !== null && <p role="alert">{addWebhook.error.message}</p>}
        <Button htmlType="submit" loading={addWebhook.isPending}>
          {t("act.add-webhook")}
        </Button>
      </Form>
    </>
  );
}
