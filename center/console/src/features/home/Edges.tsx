import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, ask, type Schemas } from "../../api/client";
import { Age } from "../../shared/Age";
import { StateMark } from "../../shared/StateMark";
import { useNow } from "../../shared/time";
import { useNames } from "../../shared/useNames";
import { Section } from "./Section";

const SHOWN = 5;
const LATE_SECONDS = 300;

interface Contact {
  province: string;
  seconds: number;
}

/** The provinces that were heard from longest ago. */
export function Edges() {
  const { t } = useTranslation("home");
  const now = useNow();
  const { provinceOf } = useNames();
  const query = useQuery({
    queryKey: ["consistency", "contact"],
    queryFn: () => ask(api.GET("/api/v1/consistency", { params: { query: { limit: 1 } } })),
    select: (found): Contact[] => longestAgo(found.provinces),
  });
  return (
    <Section
      title={t("edges")}
      query={query}
      nothing={t("no-edges")}
      keyOf={(item) => item.province}
    >
      {({ province, seconds }) => (
        <>
          <Link to="/monitoring" search={{ province }}>
            {provinceOf(province)}
          </Link>
          <StateMark state={seconds > LATE_SECONDS ? "late" : "healthy"} />
          <span className="quiet">
            <Age at={new Date(now - seconds * 1000)} />
          </span>
        </>
      )}
    </Section>
  );
}

function longestAgo(provinces: Schemas["MatrixProvince"][]): Contact[] {
  return provinces
    .map(({ name, age_seconds }) => ({ province: name, seconds: age_seconds ?? 0 }))
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, SHOWN);
}
