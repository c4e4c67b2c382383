import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session";
import { PageFrame } from "../../shared/PageFrame";
import { UrlTabs } from "../../shared/UrlTabs";
import { DeploymentDrawer } from "./DeploymentDrawer";
import { Matrix } from "./Matrix";
import { Nodes } from "./Nodes";
import { RolloutDrawer } from "./RolloutDrawer";
import { RolloutList } from "./RolloutList";

/** What runs where, whether it is what it should be, and what is on its way. */
export default function DeploymentsPage() {
  const { t } = useTranslation("deployments");
  const { may } = useSession();
  const tabs = [
    { key: "matrix", label: t("tab.matrix"), content: <Matrix /> },
    { key: "rollouts", label: t("tab.rollouts"), content: <RolloutList /> },
    ...(may("read:health") ? [{ key: "nodes", label: t("tab.nodes"), content: <Nodes /> }] : []),
  ];
  return (
    <PageFrame title={t("title")} answers={t("answers")}>
      <UrlTabs tabs={tabs} />
      <DeploymentDrawer />
      <RolloutDrawer />
    </PageFrame>
  );
}
