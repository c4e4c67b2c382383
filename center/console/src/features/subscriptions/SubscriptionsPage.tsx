import { Link } from "@tanstack/react-router";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session";
import { PageFrame } from "../../shared/PageFrame";
import { UrlTabs } from "../../shared/UrlTabs";
import { useLive } from "../../shared/useLive";
import { ChangeTable } from "./ChangeTable";
import { SubscriptionTable } from "./SubscriptionTable";

/** Who may call what, and what waits for a decision. */
export default function SubscriptionsPage() {
  const { t } = useTranslation("subscriptions");
  const { may } = useSession();
  useLive("subscriptions", [["subscriptions"]]);
  const tabs = [
    { key: "all", label: t("tab.all"), content: <SubscriptionTable /> },
    { key: "waiting", label: t("tab.waiting"), content: <SubscriptionTable isQueue /> },
    { key: "changes", label: t("tab.changes"), content: <ChangeTable /> },
  ];
  const ask = (
    <Link to="/subscriptions/new">
      <Button type="primary">{t("request")}</Button>
    </Link>
  );
  return (
    <PageFrame
      title={t("title")}
      answers={t("answers")}
      acts={may("request:subscriptions") ? ask : undefined}
    >
      <UrlTabs tabs={tabs} />
    </PageFrame>
  );
}
