import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session";
import { PageFrame } from "../../shared/PageFrame";
import { Capabilities } from "./Capabilities";
import { Drifting } from "./Drifting";
import { Requests } from "./Requests";
import { Reviews } from "./Reviews";

/** What waits for this person, by what they are. */
export default function HomePage() {
  const { t } = useTranslation("home");
  const { user, may } = useSession();
  return (
    <PageFrame title={t("title", { name: user.name })} answers={t("answers")}>
      {may("review:capabilities") && <Reviews />}
      {may("approve:subscriptions") && <Requests />}
      <Drifting />
      <Capabilities isOwn={user.role === "engineer"} />
    </PageFrame>
  );
}
