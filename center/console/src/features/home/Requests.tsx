import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, ask } from "../../api/client";
import { Age } from "../../shared/Age";
import { useProvince } from "../../shared/useProvince";
import { Section } from "./Section";

const SHOWN = 10;

/** Subscriptions that wait for a yes or a no. */
export function Requests() {
  const { t } = useTranslation("home");
  const [province] = useProvince();
  const scope = province === "" ? {} : { province };
  const query = useQuery({
    queryKey: ["subscriptions", "waiting", scope],
    queryFn: () =>
      ask(
        api.GET("/api/v1/subscriptions", {
          params: { query: { status: "requested", limit: SHOWN, ...scope } },
        }),
      ),
    select: (page) => page.items,
  });
  return (
    <Section
      title={t("requests")}
      query={query}
      nothing={t("no-requests")}
      keyOf={(item) => item.id}
    >
      {(item) => (
        <>
          <span>{item.capability}</span>
          <span className="quiet">{item.province}</span>
          <span className="quiet">{t("by", { name: item.requested_by })}</span>
          <span className="quiet">
            <Age at={item.requested_at} />
          </span>
        </>
      )}
    </Section>
  );
}
