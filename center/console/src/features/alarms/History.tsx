import type { UseQueryResult } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Page, Schemas } from "../../api/client";
import { Age } from "../../shared/Age";
import { QueryStates } from "../../shared/QueryStates";
import style from "./Alarms.module.css";

const WORKER = "center-worker";

/** Everything that happened to an alarm, oldest first. */
export function History({ query }: { query: UseQueryResult<Page<Schemas["AlarmEventView"]>> }) {
  const { t, i18n } = useTranslation("alarms");
  // The worker writes English; the alarm's own sentence stands above in either language.
  const isSaid = ({ actor, text }: Schemas["AlarmEventView"]) =>
    text !== "" && (actor !== WORKER || i18n.language === "en");
  return (
    <section className={style.part}>
      <h3>{t("history")}</h3>
      <QueryStates query={query}>
        {(page) => (
          <ol className={style.history}>
            {page.items.map((event) => (
              <li key={`${event.at} ${event.kind}`}>
                <span className="quiet">
                  <Age at={event.at} /> · {event.actor}
                </span>{" "}
                {t(`event.${event.kind}`)}
                {isSaid(event) && <p>{event.text}</p>}
              </li>
            ))}
          </ol>
        )}
      </QueryStates>
    </section>
  );
}
