import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Age } from "../../shared/Age";
import { useNow } from "../../shared/time";
import { useNames } from "../../shared/useNames";
import { Section } from "./Section";
import { useSubscriptions } from "./useSubscriptions";

const SOON = 14 * 24 * 3600 * 1000;

/** Subscriptions that end within two weeks, the next one first. */
export function Ending() {
  const { t } = useTranslation("home");
  const now = useNow();
  const { capabilityOf } = useNames();
  const query = useSubscriptions("active");
  const ending = (query.data ?? [])
    .flatMap((item) => (item.ends_at ? [{ ...item, ends: item.ends_at }] : []))
    .filter((item) => Date.parse(item.ends) - now < SOON)
    .sort((a, b) => a.ends.localeCompare(b.ends));
  if (ending.length === 0) return null;
  return (
    <Section
      title={t("ending")}
      query={{ ...query, data: ending }}
      nothing=""
      keyOf={(item) => item.id}
    >
      {(item) => (
        <>
          <Link to={`/subscriptions/${item.id}`}>{capabilityOf(item.capability)}</Link>
          <span className="quiet">{item.purpose}</span>
          <span className="quiet">
            <Age at={item.ends} />
          </span>
        </>
      )}
    </Section>
  );
}
