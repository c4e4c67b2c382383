import { useTranslation } from "react-i18next";
import { Chart } from "../../shared/chart";
import { useNumbers } from "../../shared/numbers";
import { QueryStates } from "../../shared/QueryStates";
import { useTimes } from "../../shared/time";
import style from "./Subscriptions.module.css";
import { useUsage } from "./useSubscriptions";

/** Calls a day against the quota, in days of the province's zone. */
export function UsageChart({ subscription }: { subscription: string }) {
  const { t } = useTranslation("subscriptions");
  const { brief } = useTimes();
  const { count, share } = useNumbers();
  const query = useUsage(subscription);
  return (
    <section className={style.part}>
      <h2>{t("usage")}</h2>
      <QueryStates query={query}>
        {(use) => (
          <>
            <p className="figures">
              {t("used", {
                used: count(use.used_today),
                quota: count(use.daily_quota),
                share: share(use.used_today / use.daily_quota),
              })}{" "}
              <span className="quiet">
                {t("resets", { at: brief(new Date(use.resets_at)), zone: use.zone })}
              </span>
            </p>
            <Chart
              title={t("calls-a-day")}
              height={260}
              option={{
                xAxis: { type: "category", data: use.days.map((day) => day.day.slice(5)) },
                yAxis: { type: "value", min: 0, splitNumber: 2 },
                series: [
                  {
                    type: "bar",
                    data: use.days.map((day) => day.calls),
                    markLine: {
                      symbol: "none",
                      label: { formatter: t("field.daily_quota"), position: "insideEndTop" },
                      data: [{ yAxis: use.daily_quota }],
                    },
                  },
                ],
              }}
              table={{
                head: [t("day"), t("calls")],
                rows: use.days.map((day) => [day.day, day.calls]),
              }}
            />
          </>
        )}
      </QueryStates>
    </section>
  );
}
