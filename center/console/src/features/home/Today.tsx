import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, ask, type Page, type Schemas } from "../../api/client";
import { useNumbers } from "../../shared/numbers";
import { Section } from "./Section";

const SHOWN = 20;

/** Midnight of today in the viewer's zone. */
function midnight(): string {
  const now = new Date();
  return new Date(now.getFullYear(), now.getMonth(), now.getDate()).toISOString();
}

type Usage = Schemas["UsageView"];

async function loadUsage(from: string): Promise<Page<Usage>> {
  const query = { from, by: "capability", sort: "-calls", limit: SHOWN };
  // The other form of the answer, CSV, is for who asks for it.
  return (await ask(api.GET("/api/v1/usage", { params: { query } }))) as Page<Usage>;
}

/** What was called today within reach, against what the subscriptions allow in a day. */
export function Today() {
  const { t } = useTranslation("home");
  const { count, share } = useNumbers();
  const from = midnight();
  const query = useQuery({
    queryKey: ["usage", "today", from],
    queryFn: () => loadUsage(from),
    select: (page) => page.items,
  });
  return (
    <Section
      title={t("today")}
      query={query}
      nothing={t("no-calls")}
      keyOf={(item) => item.capability ?? ""}
    >
      {({ capability, calls, errors, daily_quota: quota }) => (
        <>
          <Link to="/operations">{capability}</Link>
          <span className="figures">{t("calls", { calls: count(calls) })}</span>
          {quota !== null && quota > 0 && (
            <span className="quiet figures">
              {t("of-quota", { share: share(calls / quota), quota: count(quota) })}
            </span>
          )}
          {errors > 0 && <span className="figures">{t("errors", { errors: count(errors) })}</span>}
        </>
      )}
    </Section>
  );
}
