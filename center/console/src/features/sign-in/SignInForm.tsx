import { useMutation } from "@tanstack/react-query";
import { Alert, Button, Form, Input } from "antd";
import { useTranslation } from "react-i18next";
import { api, ask, type Schemas } from "../../api/client";
import { ApiProblem } from "../../api/problem";

interface Props {
  /** Whose password is asked for; anybody's where it is not given. */
  name?: string;
  act?: string;
  /** Whether another way to sign in comes first. */
  isSecond?: boolean;
  onDone: (csrfToken: string) => void;
}

/** A local account's name and password. */
export default function SignInForm({ name, act, isSecond = false, onDone }: Props) {
  const { t } = useTranslation("sign-in");
  const signIn = useMutation({
    mutationFn: (body: Schemas["SignIn"]) => ask(api.POST("/api/v1/sessions", { body })),
    onSuccess: (made) => onDone(made.csrf_token),
  });
  const needed = [{ required: true, message: t("required") }];
  return (
    <Form<Schemas["SignIn"]>
      layout="vertical"
      requiredMark={false}
      initialValues={{ name }}
      onFinish={(values) => signIn.mutate(values)}
    >
      <Form.Item name="name" label={t("name")} rules={needed}>
        <Input
          autoComplete="username"
          autoFocus={name === undefined}
          disabled={name !== undefined}
        />
      </Form.Item>
      <Form.Item name="password" label={t("password")} rules={needed}>
        <Input.Password autoComplete="current-password" autoFocus={name !== undefined} />
      </Form.Item>
      {signIn.error !== null && <Refusal error={signIn.error} />}
      <Button
        type={isSecond ? "default" : "primary"}
        htmlType="submit"
        block
        loading={signIn.isPending}
      >
        {act ?? t("act")}
      </Button>
    </Form>
  );
}

function Refusal({ error }: { error: Error }) {
  const { t } = useTranslation("sign-in");
  const isRefused = error instanceof ApiProblem && error.status === 401;
  return (
    <Form.Item>
      <Alert type="error" showIcon title={isRefused ? t("refused") : error.message} />
    </Form.Item>
  );
}
