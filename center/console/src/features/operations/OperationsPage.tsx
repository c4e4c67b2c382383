import { useTranslation } from "react-i18next";
import { PageFrame } from "../../shared/PageFrame";
import { UrlTabs } from "../../shared/UrlTabs";
import { useLive } from "../../shared/useLive";
import { ObjectiveDrawer } from "./ObjectiveDrawer";
import { ObjectiveList } from "./ObjectiveList";
import { UsageList } from "./UsageList";

/** What is promised, whether it is kept, and who uses how much. */
export default function OperationsPage() {
  const { t } = useTranslation("operations");
  useLive("objectives", [["objectives"]]);
  return (
    <PageFrame title={t("title")} answers={t("answers")}>
      <UrlTabs
        tabs={[
          { key: "objectives", label: t("tab.objectives"), content: <ObjectiveList /> },
          { key: "usage", label: t("tab.usage"), content: <UsageList /> },
        ]}
      />
      <ObjectiveDrawer />
    </PageFrame>
  );
}
