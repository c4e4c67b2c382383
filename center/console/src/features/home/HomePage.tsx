import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session";
import { PageFrame } from "../../shared/PageFrame";
import { Alarms } from "./Alarms";
import { Drifting } from "./Drifting";
import { Edges } from "./Edges";
import { Ending } from "./Ending";
import { FirstTime } from "./FirstTime";
import { NewInStore } from "./NewInStore";
import { OwnCapabilities } from "./OwnCapabilities";
import { Requests } from "./Requests";
import { Reviews } from "./Reviews";
import style from "./Section.module.css";
import { Today } from "./Today";

/** What waits for this person, by what they are: the most pressing first. */
export default function HomePage() {
  const { t } = useTranslation("home");
  const { user, may } = useSession();
  const { role } = user;
  return (
    <PageFrame title={t("title", { name: user.name })} answers={t("answers")}>
      <FirstTime />
      <div className={style.sections}>
        {may("review:capabilities") && <Reviews />}
        {(may("approve:subscriptions") || role === "operator") && <Requests />}
        {may("read:alarms") && role !== "engineer" && <Alarms />}
        <Drifting />
        {role === "operator" && <Today />}
        {role === "operator" && <Ending />}
        {role === "admin" && <Edges />}
        {role === "engineer" ? <OwnCapabilities /> : <NewInStore />}
      </div>
    </PageFrame>
  );
}
