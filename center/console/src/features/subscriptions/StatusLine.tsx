import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Age } from "../../shared/Age";
import { useTimes } from "../../shared/time";
import { StatusMark } from "./StatusMark";
import style from "./Subscriptions.module.css";
import type { Subscription } from "./useSubscriptions";

/** Who has it and since when; what was denied, why, and what cures it. */
export function StatusLine({ item, isLinked = false }: { item: Subscription; isLinked?: boolean }) {
  const { t } = useTranslation("subscriptions");
  const { day } = useTimes();
  const byPlan = item.decided_by?.startsWith("plan:") ?? false;
  const by = item.decided_by ?? item.requested_by;
  return (
    <div className={style.line} role="status">
      <StatusMark status={item.status} />{" "}
      <span>
        {byPlan
          ? t("line.plan", { plan: item.plan, application: item.application })
          : t(`line.${item.status}`, { by, application: item.application })}
      </span>{" "}
      <Age at={item.since} />
      {item.ends_at && (
        <>
          {" · "}
          {t("ends", { date: day(new Date(item.ends_at)) })}
        </>
      )}
      {item.denial && (
        <p>
          <strong>{t(`denial.${item.denial.reason}`)}</strong> {item.denial.words}
          <br />
          <span className="quiet">
            {t("cure-is")} {t(`cure.${item.denial.reason}`)}
          </span>
        </p>
      )}
      {item.denial == null && item.reason !== "" && <p>{item.reason}</p>}
      {isLinked && (
        <>
          {" · "}
          <Link to="/subscriptions/$id" params={{ id: item.id }}>
            {t("to-subscription")}
          </Link>
        </>
      )}
    </div>
  );
}
