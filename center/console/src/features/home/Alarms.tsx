import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, ask } from "../../api/client";
import { Age } from "../../shared/Age";
import { useNames } from "../../shared/useNames";
import { useProvince } from "../../shared/useProvince";
import { useTitle } from "../../shared/useTitle";
import { Section } from "./Section";

const SHOWN = 5;

/** Alarms that nobody has taken yet. */
export function Alarms() {
  const { t } = useTranslation("home");
  const says = useTitle();
  const { provinceOf } = useNames();
  const [province] = useProvince();
  const scope = province === "" ? {} : { province };
  const query = useQuery({
    queryKey: ["alarms", "unowned", scope],
    queryFn: () =>
      ask(
        api.GET("/api/v1/alarms", {
          params: { query: { state: ["open"], limit: SHOWN, ...scope } },
        }),
      ),
    select: (page) => page.items,
  });
  return (
    <Section title={t("alarms")} query={query} nothing={t("no-alarms")} keyOf={(item) => item.id}>
      {(item) => (
        <>
          <Link to="/alarms">{says(item.says)}</Link>
          <span className="quiet">{provinceOf(item.province)}</span>
          <span className="quiet">
            <Age at={item.first_seen} />
          </span>
        </>
      )}
    </Section>
  );
}
