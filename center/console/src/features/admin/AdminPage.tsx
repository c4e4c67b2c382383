import { useTranslation } from "react-i18next";
import type { Permission } from "../../api/client";
import { useSession } from "../../app/session";
import { PageFrame } from "../../shared/PageFrame";
import { UrlTabs } from "../../shared/UrlTabs";
import { Audit } from "./Audit";
import { Edges } from "./Edges";
import { Organisations } from "./Organisations";
import { Plans } from "./Plans";
import { Provinces } from "./Provinces";
import { Tokens } from "./Tokens";
import { Users } from "./Users";

const TABS = [
  { key: "users", needs: "manage:users", content: <Users /> },
  { key: "organisations", needs: "read:organisations", content: <Organisations /> },
  { key: "plans", needs: "manage:plans", content: <Plans /> },
  { key: "tokens", needs: "manage:users", content: <Tokens /> },
  { key: "provinces", needs: "manage:provinces", content: <Provinces /> },
  { key: "edges", needs: "read:edges", content: <Edges /> },
  { key: "audit", needs: "read:audit", content: <Audit /> },
] as const satisfies readonly { key: string; needs: Permission; content: unknown }[];

/** People, organisations, edges, and what was done by whom. */
export default function AdminPage() {
  const { t } = useTranslation("admin");
  const { may } = useSession();
  const tabs = TABS.filter(({ needs }) => may(needs)).map(({ key, content }) => ({
    key,
    label: t(`tab.${key}`),
    content,
  }));
  return (
    <PageFrame title={t("title")} answers={t("answers")}>
      <UrlTabs tabs={tabs} />
    </PageFrame>
  );
}
