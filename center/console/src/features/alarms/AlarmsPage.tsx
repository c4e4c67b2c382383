import { useTranslation } from "react-i18next";
import { PageFrame } from "../../shared/PageFrame";
import { UrlTabs } from "../../shared/UrlTabs";
import { AlarmDrawer } from "./AlarmDrawer";
import { AlarmList } from "./AlarmList";
import { Silences } from "./Silences";

/** One alarm centre over the effect of inference and the ability of the platform. */
export default function AlarmsPage() {
  const { t } = useTranslation("alarms");
  return (
    <PageFrame title={t("title")} answers={t("answers")}>
      <UrlTabs
        tabs={[
          { key: "alarms", label: t("tab.alarms"), content: <AlarmList /> },
          { key: "silences", label: t("tab.silences"), content: <Silences /> },
        ]}
      />
      <AlarmDrawer />
    </PageFrame>
  );
}
