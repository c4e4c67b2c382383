import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import { useSession } from "../../app/session";
import { Figure } from "../../shared/Figure";
import { useNumbers } from "../../shared/numbers";
import { type State, StateMark } from "../../shared/StateMark";
import { useStoreCards } from "../../shared/useStoreCards";
import { useTitle } from "../../shared/useTitle";
import { Section } from "./Section";
import style from "./Section.module.css";
import { useNewest } from "./useNewest";

/** An engineer's capabilities: where they run, how they drift, how good their answers are. */
export function OwnCapabilities() {
  const { t } = useTranslation("home");
  const { user } = useSession();
  const title = useTitle();
  const { share } = useNumbers();
  const query = useNewest();
  const { data: cards } = useStoreCards();
  return (
    <>
      <Section
        title={t("capabilities")}
        query={query}
        nothing={t("no-capabilities", { organisation: user.organisation })}
        keyOf={(item) => item.name}
      >
        {(item) => {
          const card = cards?.get(item.name);
          const provinces = card?.provinces.length ?? 0;
          const standing = card?.standing;
          return (
            <>
              <Link to={`/store/${item.name}`}>{title(item.titles)}</Link>
              <span className="quiet">{t("version", { version: item.version })}</span>
              {cards !== undefined && (
                <span className="quiet">{t("provinces", { count: provinces })}</span>
              )}
              {provinces > 0 && <StateMark state={stateOf(card)} />}
              {standing?.accuracy != null && (
                <Figure
                  value={`${t("accuracy")} ${share(standing.accuracy)}`}
                  n={standing.labelled}
                  at={standing.quality_at}
                />
              )}
            </>
          );
        }}
      </Section>
      <section className={style.section}>
        <h2>{t("start")}</h2>
        <p className="quiet">
          {t("start-text")} <code>jiuzhou init</code>
        </p>
      </section>
    </>
  );
}

const STATES = { drift: "drift", learning: "learning", stable: "healthy" } as const;

function stateOf(card: Schemas["StoreCard"] | undefined): State {
  return card?.drift == null ? "no-data" : STATES[card.drift.verdict];
}
