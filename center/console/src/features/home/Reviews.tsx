import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, ask } from "../../api/client";
import { Age } from "../../shared/Age";
import { useTitle } from "../../shared/useTitle";
import { Section } from "./Section";

const SHOWN = 10;

/** Versions that somebody else has to look at. */
export function Reviews() {
  const { t } = useTranslation("home");
  const title = useTitle();
  const query = useQuery({
    queryKey: ["reviews", "waiting", SHOWN],
    queryFn: () => ask(api.GET("/api/v1/reviews", { params: { query: { limit: SHOWN } } })),
    select: (page) => page.items,
  });
  return (
    <Section
      title={t("reviews")}
      query={query}
      nothing={t("no-reviews")}
      keyOf={(item) => `${item.name} ${item.version}`}
    >
      {(item) => (
        <>
          <Link to="/reviews">{title(item.manifest.titles)}</Link>
          <span className="quiet">{t("version", { version: item.version })}</span>
          <span className="quiet">{item.author}</span>
          <span className="quiet">
            <Age at={item.uploaded_at} />
          </span>
        </>
      )}
    </Section>
  );
}
