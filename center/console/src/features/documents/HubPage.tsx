import { useTranslation } from "react-i18next";
import { PageFrame } from "../../shared/PageFrame";
import { UrlTabs } from "../../shared/UrlTabs";
import { Contracts } from "./Contracts";
import { Notices } from "./Notices";

/** Every contract in one place: search over all fields, and what changed lately. */
export default function HubPage() {
  const { t } = useTranslation("documents");
  return (
    <PageFrame title={t("title")} answers={t("answers")}>
      <UrlTabs
        tabs={[
          { key: "contracts", label: t("tab.contracts"), content: <Contracts /> },
          { key: "changes", label: t("tab.changes"), content: <Notices /> },
        ]}
      />
    </PageFrame>
  );
}
