import { useTranslation } from "react-i18next";
import { PageFrame } from "../../shared/PageFrame";
import { UrlTabs } from "../../shared/UrlTabs";
import { Deliveries } from "./Deliveries";
import { Inbox } from "./Inbox";
import { Rules } from "./Rules";
import { Webhooks } from "./Webhooks";

/** What one heard of, what one wants to hear of, and by which way. */
export default function NotificationsPage() {
  const { t } = useTranslation("notifications");
  return (
    <PageFrame title={t("title")} answers={t("answers")}>
      <UrlTabs
        tabs={[
          { key: "inbox", label: t("tab.inbox"), content: <Inbox /> },
          { key: "rules", label: t("tab.rules"), content: <Rules /> },
          { key: "webhooks", label: t("tab.webhooks"), content: <Webhooks /> },
          { key: "deliveries", label: t("tab.deliveries"), content: <Deliveries /> },
        ]}
      />
    </PageFrame>
  );
}
