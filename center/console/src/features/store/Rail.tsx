import { Link } from "@tanstack/react-router";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import { useSession } from "../../app/session";
import { useNumbers } from "../../shared/numbers";
import style from "./Store.module.css";
import { keepProvince, maySubscribe } from "./StoreCard";
import type { Detail } from "./useStore";
import { useWords } from "./useWords";

const DIGITS = 2;

/** What somebody who decided needs next: subscribe, who uses it, where it runs, whom to ask. */
export function Rail({ detail }: { detail: Detail }) {
  const { t } = useTranslation("store");
  const { may } = useSession();
  const word = useWords();
  const versions = useRunning();
  const { card, users, listing, running } = detail;
  return (
    <aside className={style.rail} aria-label={t("rail.label")}>
      {maySubscribe(may) && (
        <Link
          to="/subscriptions/new"
          search={(before: { province?: string }) => ({
            ...keepProvince(before),
            capability: card.name,
          })}
        >
          <Button type="primary" block disabled={card.stage === "deprecated"}>
            {t("rail.subscribe")}
          </Button>
        </Link>
      )}
      <section>
        <h2>{t("rail.users")}</h2>
        <p>{t("rail.applications", { count: users.applications })}</p>
        <p className="quiet">{t("rail.user-provinces", { count: users.provinces })}</p>
      </section>
      <section>
        <h2>{t("rail.availability")}</h2>
        {card.provinces.length === 0 ? (
          <p className="quiet">{t("rail.nowhere")}</p>
        ) : (
          <ul>
            {card.provinces.map((name) => (
              <li key={name}>
                <Link to="/store" search={{ available_in: name }} className={style.inText}>
                  {word("available_in", name)}
                </Link>{" "}
                <small className="quiet">{versions(running[name] ?? [])}</small>
              </li>
            ))}
          </ul>
        )}
      </section>
      <section>
        <h2>{t("rail.accountable")}</h2>
        <p>{detail.accountable}</p>
        <p className="quiet">{card.owner}</p>
      </section>
      <section>
        <h2>{t("rail.runbook")}</h2>
        {listing.runbook_url === null ? (
          <p>
            <Link
              to="."
              search={(before: object) => ({ ...before, tab: "overview" })}
              hash="runbook"
            >
              {t("rail.runbook-note")}
            </Link>
          </p>
        ) : (
          <p>
            <a href={listing.runbook_url} target="_blank" rel="noreferrer">
              {listing.runbook_url}
            </a>
          </p>
        )}
      </section>
    </aside>
  );
}

/** Returns how to say what runs: one version alone, or each with its share of the traffic. */
function useRunning(): (versions: Schemas["RunningVersion"][]) => string {
  const { share } = useNumbers();
  return (versions) =>
    versions.length === 1
      ? (versions[0]?.version ?? "")
      : versions.map((one) => `${one.version} ${share(one.share, DIGITS)}`).join(" · ");
}
