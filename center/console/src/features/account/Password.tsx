import { useMutation } from "@tanstack/react-query";
import { Alert, Button, Form, Input } from "antd";
import { useTranslation } from "react-i18next";
import { api, ask, type Schemas } from "../../api/client";

const LEAST = 12;

/** Sets another password; every other session ends. */
export function Password() {
  const { t } = useTranslation("account");
  const [form] = Form.useForm<Schemas["PasswordChange"]>();
  const change = useMutation({
    mutationFn: (body: Schemas["PasswordChange"]) =>
      ask(api.POST("/api/v1/me:change-password", { body })),
    onSuccess: () => form.resetFields(),
  });
  return (
    <Form form={form} layout="vertical" requiredMark={false} onFinish={change.mutate}>
      <Form.Item
        name="present"
        label={t("present")}
        rules={[{ required: true, message: t("needed") }]}
      >
        <Input.Password autoComplete="current-password" />
      </Form.Item>
      <Form.Item
        name="new"
        label={t("new")}
        extra={t("ends-others")}
        rules={[{ required: true, min: LEAST, message: t("short") }]}
      >
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      {change.error !== null && <Alert type="error" showIcon title={change.error.message} />}
      {change.isSuccess && <Alert type="success" showIcon title={t("changed")} />}
      <Button type="primary" htmlType="submit" loading={change.isPending}>
        {t("change")}
      </Button>
    </Form>
  );
}
