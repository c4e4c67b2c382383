import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, ask } from "../../api/client";
import { Age } from "../../shared/Age";
import { StateMark } from "../../shared/StateMark";
import { useNames } from "../../shared/useNames";
import { useProvince } from "../../shared/useProvince";
import { Section } from "./Section";

const SHOWN = 8;

/** Capabilities whose inputs moved away from what they were trained on. */
export function Drifting() {
  const { t } = useTranslation("home");
  const [province] = useProvince();
  const { provinceOf, capabilityOf } = useNames();
  const scope = province === "" ? {} : { province };
  const query = useQuery({
    queryKey: ["drift", scope],
    queryFn: () =>
      ask(
        api.GET("/api/v1/drift", {
          params: { query: { verdict: "drift", limit: SHOWN, ...scope } },
        }),
      ),
  });
  const { data, error, refetch } = query;
  const total = data?.total ?? 0;
  return (
    <Section
      title={t("drift")}
      query={{ data: data?.items, error, refetch }}
      {...(total > SHOWN && {
        more: <Link to="/monitoring">{t("all-drifting", { count: total })}</Link>,
      })}
      nothing={t("no-drift")}
      keyOf={(item) => `${item.capability} ${item.version} ${item.province}`}
    >
      {(item) => (
        <>
          <Link to={`/monitoring/${item.capability}/${item.province}`}>
            <StateMark state="drift" text={`${capabilityOf(item.capability)} ${item.version}`} />
          </Link>
          <span>{provinceOf(item.province)}</span>
          <span className="quiet">
            {t("moved", { count: item.columns_moved })}
            {item.worst && ` · ${t("worst", { column: item.worst.column })}`}
          </span>
          <span className="quiet">
            <Age at={item.since} />
          </span>
        </>
      )}
    </Section>
  );
}
