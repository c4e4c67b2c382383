import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Alert, Button, Form, Input } from "antd";
import { useTranslation } from "react-i18next";
import { api, ask, type Schemas } from "../../api/client";
import { OpenPage } from "./OpenPage";

const LEAST = 12;

/** Sets the first password with the code of an invitation. */
export default function InvitationPage() {
  const { t } = useTranslation("sign-in");
  const accept = useMutation({
    mutationFn: (body: Schemas["Acceptance"]) =>
      ask(api.POST("/api/v1/invitations:accept", { body })),
  });
  if (accept.data !== undefined) {
    return (
      <OpenPage title={t("invitation.title")}>
        <p role="status">{t("invitation.done", { name: accept.data.name })}</p>
        <Link to="/sign-in">{t("invitation.sign-in")}</Link>
      </OpenPage>
    );
  }
  return (
    <OpenPage title={t("invitation.title")}>
      <Form<Schemas["Acceptance"]> layout="vertical" requiredMark={false} onFinish={accept.mutate}>
        <Form.Item
          name="code"
          label={t("invitation.code")}
          rules={[{ required: true, message: t("required") }]}
        >
          <Input autoComplete="one-time-code" />
        </Form.Item>
        <Form.Item
          name="password"
          label={t("invitation.new-password")}
          rules={[{ required: true, min: LEAST, message: t("invitation.short") }]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        {accept.error !== null && (
          <Form.Item>
            <Alert type="error" showIcon title={accept.error.message} />
          </Form.Item>
        )}
        <Button type="primary" htmlType="submit" block loading={accept.isPending}>
          {t("invitation.act")}
        </Button>
      </Form>
    </OpenPage>
  );
}
