import { Link } from "@tanstack/react-router";
import { Drawer } from "antd";
import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session";
import { Age } from "../../shared/Age";
import { CopyButton } from "../../shared/CopyButton";
import { QueryStates } from "../../shared/QueryStates";
import { useUrlState } from "../../shared/useUrlState";
import { AlarmActs } from "./AlarmActs";
import style from "./Alarms.module.css";
import { Evidence } from "./Evidence";
import { History } from "./History";
import { SeverityMark, usePlace, useSays } from "./marks";
import { type Alarm, useAlarm } from "./useAlarms";

/** The alarm that the address names, beside the list. */
export function AlarmDrawer() {
  const { t } = useTranslation("alarms");
  const [id, open] = useUrlState("alarm");
  return (
    <Drawer
      open={id !== ""}
      size={560}
      title={t("alarm")}
      onClose={() => open("", "push")}
      destroyOnHidden
    >
      {id !== "" && <Content id={id} />}
    </Drawer>
  );
}

function Content({ id }: { id: string }) {
  const { alarm, events } = useAlarm(id);
  const { may } = useSession();
  return (
    <QueryStates query={alarm}>
      {(found) => (
        <>
          <Head alarm={found} />
          {may("handle:alarms") && <AlarmActs alarm={found} />}
          <Evidence alarm={found} />
          <History query={events} />
        </>
      )}
    </QueryStates>
  );
}

function Head({ alarm }: { alarm: Alarm }) {
  const { t } = useTranslation("alarms");
  const { may } = useSession();
  const says = useSays();
  const place = usePlace();
  const ended = alarm.resolved_by ?? t("itself");
  return (
    <>
      <h2 className={style.says}>
        <SeverityMark severity={alarm.severity} /> {says(alarm.says)}
      </h2>
      <dl className={style.facts}>
        <dt>{t("column.rule")}</dt>
        <dd>{t(`rule.${alarm.rule}`)}</dd>
        <dt>{t("column.place")}</dt>
        <dd>{place(alarm)}</dd>
        <dt>{t("column.state")}</dt>
        <dd>
          {t(`state.${alarm.state}`)}
          {alarm.state === "resolved" && ` · ${t("by", { name: ended })}`}
          {alarm.state === "resolved" && alarm.firing && ` · ${t("still-firing")}`}
          {alarm.state === "silenced" && alarm.silenced_until && (
            <>
              {" · "}
              {t("until")} <Age at={alarm.silenced_until} />
            </>
          )}
        </dd>
        <dt>{t("column.assignee")}</dt>
        <dd>{alarm.assignee ?? "–"}</dd>
        <dt>{t("column.since")}</dt>
        <dd>
          <Age at={alarm.first_seen} /> · {t("times", { count: alarm.count })}
        </dd>
        <dt>{t("id")}</dt>
        <dd>
          <code>{alarm.id}</code> <CopyButton text={alarm.id} />
        </dd>
      </dl>
      {may("handle:incidents") && (
        <p>
          <Link to="/incidents" search={{ from: alarm.id }}>
            {t("open-incident")}
          </Link>
        </p>
      )}
    </>
  );
}
