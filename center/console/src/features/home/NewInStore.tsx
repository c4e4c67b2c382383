import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Age } from "../../shared/Age";
import { useTitle } from "../../shared/useTitle";
import { Section } from "./Section";
import { useNewest } from "./useNewest";

/** What can be subscribed to since lately. */
export function NewInStore() {
  const { t } = useTranslation("home");
  const title = useTitle();
  const query = useNewest();
  return (
    <Section title={t("new")} query={query} nothing={t("no-new")} keyOf={(item) => item.name}>
      {(item) => (
        <>
          <Link to={`/store/${item.name}`}>{title(item.titles)}</Link>
          <span className="quiet">{t("version", { version: item.version })}</span>
          <span className="quiet">{title(item.summary)}</span>
          {item.published_at && (
            <span className="quiet">
              <Age at={item.published_at} />
            </span>
          )}
        </>
      )}
    </Section>
  );
}
