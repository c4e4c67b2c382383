import { Alert, Button, Divider } from "antd";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";

interface Props {
  provider: NonNullable<Schemas["SignInOptions"]["provider"]>;
  back: string;
}

/** Leads to the provider, and from there back to the page that was wanted. */
export function ProviderButton({ provider, back }: Props) {
  const { t } = useTranslation("sign-in");
  const query = new URLSearchParams({ back_to: back });
  return (
    <Button type="primary" block href={`/api/v1/oidc/start?${query}`}>
      {t("with-provider", { title: provider.title })}
    </Button>
  );
}

/** Between the two ways to sign in. */
export function Or() {
  const { t } = useTranslation("sign-in");
  return <Divider plain>{t("or")}</Divider>;
}

const TOLD = {
  "oidc-no-role": "no-role",
  "account-disabled": "disabled",
  "name-taken": "name-taken",
  "oidc-provider-away": "provider-away",
} as const;

/** Why the provider's sign-in came to nothing, and who can help. */
export function Failed({ code, contact }: { code: string; contact: string }) {
  const { t } = useTranslation("sign-in");
  const why = code in TOLD ? TOLD[code as keyof typeof TOLD] : "not-vouched";
  const help = contact === "" ? t("ask-admin") : t("ask", { contact });
  return <Alert type="error" showIcon title={t(`failed.${why}`)} description={help} />;
}
