import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, ask } from "../../api/client";
import { Age } from "../../shared/Age";
import { QueryStates } from "../../shared/QueryStates";
import style from "./Subscriptions.module.css";

/** What happened to a subscription, newest first. */
export function EventList({ subscription }: { subscription: string }) {
  const { t } = useTranslation("subscriptions");
  const query = useQuery({
    queryKey: ["subscriptions", "events", subscription],
    queryFn: () =>
      ask(
        api.GET("/api/v1/subscriptions/{subscription}/events", {
          params: { path: { subscription } },
        }),
      ),
  });
  return (
    <section className={style.part}>
      <h2>{t("history")}</h2>
      <QueryStates query={query}>
        {(page) => (
          <ul className={style.events}>
            {page.items.map((event) => (
              <li key={`${event.at} ${event.kind}`}>
                {t(`event.${event.kind}`)}{" "}
                <span className="quiet">{String(event.detail.approved_by ?? event.actor)}</span>{" "}
                <Age at={event.at} />
                {typeof event.detail.reason === "string" && event.detail.reason !== "" && (
                  <span className="quiet"> · {event.detail.reason}</span>
                )}
              </li>
            ))}
          </ul>
        )}
      </QueryStates>
    </section>
  );
}
