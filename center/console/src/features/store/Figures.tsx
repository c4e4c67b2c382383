import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session";
import { Figure } from "../../shared/Figure";
import { useNumbers } from "../../shared/numbers";
import { StateMark } from "../../shared/StateMark";
import { useProvince } from "../../shared/useProvince";
import style from "./Store.module.css";
import type { Card } from "./useStore";

const QUALITY_STALE = 86_400;
const STATES = { drift: "drift", learning: "learning", stable: "healthy" } as const;

/** Use, latency, quality and drift of a capability where the reader looks. */
export function Figures({ card }: { card: Card }) {
  const { t } = useTranslation("store");
  const { count, share, figure } = useNumbers();
  const [province] = useProvince();
  const { user } = useSession();
  const isOneProvince = province !== "" || user.role === "operator";
  const { standing, drift } = card;
  const source = t("figures.source");
  return (
    <p className={style.figures}>
      <span>{t("figures.provinces", { count: card.provinces.length })}</span>
      {standing !== null && standing.calls > 0 && (
        <>
          <Figure value={t("figures.calls", { number: count(standing.calls) })} source={source} />
          <Figure value={t("figures.latency", { ms: figure(standing.p99_ms) })} source={source} />
        </>
      )}
      {standing?.accuracy != null && (
        <Figure
          value={t("figures.accuracy", { share: share(standing.accuracy) })}
          n={standing.labelled}
          at={standing.quality_at}
          staleAfter={QUALITY_STALE}
          source={t("figures.feedback")}
        />
      )}
      {drift !== null && (
        <StateMark
          state={STATES[drift.verdict]}
          {...(!isOneProvince && drift.verdict === "drift"
            ? { text: t("figures.drifting", { count: drift.provinces }) }
            : {})}
        />
      )}
    </p>
  );
}
