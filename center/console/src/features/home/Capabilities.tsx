import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, ask } from "../../api/client";
import { Age } from "../../shared/Age";
import { useTitle } from "../../shared/useTitle";
import { Section } from "./Section";

const SHOWN = 10;

/** An engineer's own capabilities; for everybody else what the store has. */
export function Capabilities({ isOwn }: { isOwn: boolean }) {
  const { t } = useTranslation("home");
  const title = useTitle();
  const query = useQuery({
    queryKey: ["capabilities", SHOWN],
    queryFn: () => ask(api.GET("/api/v1/capabilities", { params: { query: { limit: SHOWN } } })),
    select: (page) => page.items,
  });
  return (
    <Section
      title={t(isOwn ? "capabilities" : "new")}
      query={query}
      nothing={t(isOwn ? "no-capabilities" : "no-new")}
      keyOf={(item) => item.name}
    >
      {(item) => (
        <>
          <span>{title(item.titles)}</span>
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
