import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session";
import { PageFrame } from "../../shared/PageFrame";
import { UrlTabs } from "../../shared/UrlTabs";
import { useNames } from "../../shared/useNames";
import { OwnTokens } from "./OwnTokens";
import { Password } from "./Password";
import { Sessions } from "./Sessions";

/** One's own API tokens, sessions and password. */
export default function AccountPage() {
  const { t } = useTranslation("account");
  const app = useTranslation("app").t;
  const { user } = useSession();
  const { provinceOf, provincesOf } = useNames();
  const reach = user.provinces ? provincesOf(user.provinces) : t("all-provinces");
  const answers = `${app(`role.${user.role}`)} · ${provinceOf(user.organisation)} · ${reach}`;
  const tabs = [
    { key: "tokens", label: t("tokens"), content: <OwnTokens /> },
    { key: "sessions", label: t("sessions"), content: <Sessions /> },
    { key: "password", label: t("password"), content: <Password /> },
  ];
  return (
    <PageFrame title={user.name} answers={answers}>
      <UrlTabs tabs={tabs} />
    </PageFrame>
  );
}
