import { Link } from "@tanstack/react-router";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import { Age } from "../../shared/Age";
import { Figure } from "../../shared/Figure";
import { Notice } from "../../shared/Notice";
import { useNumbers } from "../../shared/numbers";
import { PageFrame } from "../../shared/PageFrame";
import { QueryStates } from "../../shared/QueryStates";
import { StateMark } from "../../shared/StateMark";
import { useLive } from "../../shared/useLive";
import { useNames } from "../../shared/useNames";
import { useStoreCards } from "../../shared/useStoreCards";
import { useTitle } from "../../shared/useTitle";
import style from "./Mine.module.css";
import { UploadPart } from "./UploadPart";
import { useDrifting, useMine } from "./useMine";

/** The capabilities of one's organisation, and how each fares. */
export default function MinePage() {
  const { t } = useTranslation("mine");
  const query = useMine();
  const figures = useStoreCards();
  useLive("store", [["mine"]]);
  return (
    <PageFrame title={t("title")} answers={t("answers")}>
      <UploadPart />
      <QueryStates
        query={query}
        isEmpty={(rows) => rows.length === 0}
        empty={<Notice title={t("none")}>{t("none-text")}</Notice>}
      >
        {(rows) => (
          <QueryStates query={figures}>{(cards) => <Rows rows={rows} cards={cards} />}</QueryStates>
        )}
      </QueryStates>
    </PageFrame>
  );
}

type Card = Schemas["StoreCard"];

interface Of {
  item: Schemas["CapabilityView"];
  /** Nothing is known of what was never in the store. */
  card: Card | undefined;
  /** The province where it has drifted the longest, once that is known. */
  drifting: string | undefined;
}

/** So many provinces are named; of more it is said how many there are. */
const FEW = 3;
const HEADS = ["capability", "stage", "provinces", "drift", "quality", "feedback"] as const;

/** So many rows are drawn at a time: hundreds at once would hold up the change of page. */
const STEP = 50;

/** The first of the capabilities, and more of them when they are asked for. */
export function Rows({ rows, cards }: { rows: Of["item"][]; cards: Map<string, Card> }) {
  const { t } = useTranslation("mine");
  const [shown, setShown] = useState(STEP);
  const { data: drifting } = useDrifting();
  const rest = rows.length - shown;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys */}
      <section className={style.scroll} tabIndex={0} aria-label={t("title")}>
        <table className={style.table}>
          <caption className="unseen">{t("title")}</caption>
          <thead>
            <tr>
              {HEADS.map((head) => (
                <th key={head} scope="col">
                  {t(`head.${head}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, shown).map((item) => (
              <Line
                key={item.name}
                item={item}
                card={cards.get(item.name)}
                drifting={drifting?.get(item.name)}
              />
            ))}
          </tbody>
        </table>
      </section>
      {rest > 0 && (
        <Button onClick={() => setShown(shown + STEP)}>{t("more", { count: rest })}</Button>
      )}
    </>
  );
}

function Line({ item, card, drifting }: Of) {
  const { t } = useTranslation("mine");
  const title = useTitle();
  const { provincesOf } = useNames();
  const says = (names: string[]) => {
    if (names.length > FEW) return t("in-provinces", { count: names.length });
    return provincesOf(names) || "–";
  };
  const { share } = useNumbers();
  const standing = card?.standing;
  return (
    <tr>
      <th scope="row">
        <Link to="/mine/$name/$version" params={{ name: item.name, version: item.version }}>
          {title(item.titles)} <span className="quiet">{item.version}</span>
        </Link>
      </th>
      <td>{t(`stage.${item.stage}`)}</td>
      <td title={provincesOf(card?.provinces ?? [])}>{says(card?.provinces ?? [])}</td>
      <td>
        <Drift card={card} drifting={drifting} />
      </td>
      <td>
        {standing?.accuracy == null ? (
          <span className="quiet">{t("no-quality")}</span>
        ) : (
          <Figure value={share(standing.accuracy)} n={standing.labelled} />
        )}
      </td>
      <td>{standing?.quality_at == null ? "–" : <Age at={standing.quality_at} />}</td>
    </tr>
  );
}

/** What is said of a capability's inputs; where they drift, the way there. */
function Drift({ card, drifting }: Omit<Of, "item">) {
  const { t } = useTranslation("mine");
  const { provinceOf } = useNames();
  if (card?.drift == null) return <StateMark state="no-data" />;
  if (card.drift.verdict === "learning") return <StateMark state="learning" />;
  if (card.drift.verdict === "stable") return <StateMark state="healthy" text={t("stable")} />;
  const count = card.drift.provinces;
  if (drifting === undefined) return <StateMark state="drift" text={t("drifts-in", { count })} />;
  const text =
    count === 1 ? t("drifts", { province: provinceOf(drifting) }) : t("drifts-in", { count });
  return (
    <Link to="/monitoring/$name/$province" params={{ name: card.name, province: drifting }}>
      <StateMark state="drift" text={text} />
    </Link>
  );
}
