import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session";
import { Figure } from "../../shared/Figure";
import { useNumbers } from "../../shared/numbers";
import { StateMark } from "../../shared/StateMark";
import { useTitle } from "../../shared/useTitle";
import { Section } from "./Section";
import style from "./Section.module.css";
import { useHealth } from "./useHealth";
import { useNewest } from "./useNewest";

/** An engineer's capabilities: where they run, how they drift, how good their answers are. */
export function OwnCapabilities() {
  const { t } = useTranslation("home");
  const { user } = useSession();
  const title = useTitle();
  const { share } = useNumbers();
  const query = useNewest();
  const health = useHealth();
  return (
    <>
      <Section
        title={t("capabilities")}
        query={query}
        nothing={t("no-capabilities", { organisation: user.organisation })}
        keyOf={(item) => item.name}
      >
        {(item) => {
          const { provinces, state, quality } = health(item.name);
          return (
            <>
              <Link to={`/store/${item.name}`}>{title(item.titles)}</Link>
              <span className="quiet">{t("version", { version: item.version })}</span>
              <span className="quiet">{t("provinces", { count: provinces })}</span>
              {provinces > 0 && <StateMark state={state} />}
              {quality !== undefined && (
                <Figure
                  value={`${t("accuracy")} ${share(quality.accuracy)}`}
                  n={quality.labelled}
                  at={quality.counted_at}
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
