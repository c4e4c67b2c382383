import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session";
import { Age } from "../../shared/Age";
import { useNames } from "../../shared/useNames";
import { Section } from "./Section";
import { useSubscriptions } from "./useSubscriptions";

/** Subscriptions that wait for a yes or a no: to decide on, or one's own. */
export function Requests() {
  const { t } = useTranslation("home");
  const { may } = useSession();
  const { provinceOf, capabilityOf } = useNames();
  const query = useSubscriptions("requested");
  const isDecider = may("approve:subscriptions");
  return (
    <Section
      title={t(isDecider ? "requests" : "own-requests")}
      query={query}
      nothing={t("no-requests")}
      keyOf={(item) => item.id}
    >
      {(item) => (
        <>
          <Link to={`/subscriptions/${item.id}`}>{capabilityOf(item.capability)}</Link>
          <span className="quiet">{provinceOf(item.province)}</span>
          <span className="quiet">{t("by", { name: item.requested_by })}</span>
          <span className="quiet">
            <Age at={item.requested_at} />
          </span>
        </>
      )}
    </Section>
  );
}
