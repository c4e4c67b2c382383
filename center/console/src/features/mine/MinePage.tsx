import { Link } from "@tanstack/react-router";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Age } from "../../shared/Age";
import { Figure } from "../../shared/Figure";
import { Notice } from "../../shared/Notice";
import { useNumbers } from "../../shared/numbers";
import { PageFrame } from "../../shared/PageFrame";
import { QueryStates } from "../../shared/QueryStates";
import { StateMark } from "../../shared/StateMark";
import { useLive } from "../../shared/useLive";
import { useNames } from "../../shared/useNames";
import { useTitle } from "../../shared/useTitle";
import style from "./Mine.module.css";
import { UploadPart } from "./UploadPart";
import { type Row, useMine } from "./useMine";

/** The capabilities of one's organisation, and how each fares. */
export default function MinePage() {
  const { t } = useTranslation("mine");
  const query = useMine();
  useLive("store", [["mine"]]);
  return (
    <PageFrame title={t("title")} answers={t("answers")}>
      <UploadPart />
      <QueryStates
        query={query}
        isEmpty={(rows) => rows.length === 0}
        empty={<Notice title={t("none")}>{t("none-text")}</Notice>}
      >
        {(rows) => <Rows rows={rows} />}
      </QueryStates>
    </PageFrame>
  );
}

/** So many provinces are named; of more it is said how many there are. */
const FEW = 3;
const HEADS = ["capability", "stage", "provinces", "drift", "quality", "feedback"] as const;

/** So many rows are drawn at a time: hundreds at once would hold up the change of page. */
const STEP = 50;

/** The first of the capabilities, and more of them when they are asked for. */
export function Rows({ rows }: { rows: Row[] }) {
  const { t } = useTranslation("mine");
  const [shown, setShown] = useState(STEP);
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
            {rows.slice(0, shown).map((row) => (
              <Line key={row.item.name} row={row} />
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

function Line({ row }: { row: Row }) {
  const { t } = useTranslation("mine");
  const title = useTitle();
  const { provinceOf, provincesOf } = useNames();
  const says = (names: string[]) => {
    if (names.length > FEW) return t("in-provinces", { count: names.length });
    return provincesOf(names) || "–";
  };
  const { share } = useNumbers();
  const { item, provinces, drift, quality, feedback } = row;
  const realized = quality?.f1 ?? quality?.accuracy;
  return (
    <tr>
      <th scope="row">
        <Link to="/mine/$name/$version" params={{ name: item.name, version: item.version }}>
          {title(item.titles)} <span className="quiet">{item.version}</span>
        </Link>
      </th>
      <td>{t(`stage.${item.stage}`)}</td>
      <td title={provincesOf(provinces)}>{says(provinces)}</td>
      <td>
        {drift === undefined ? (
          <StateMark state="no-data" />
        ) : (
          <Link
            to="/monitoring/$name/$province"
            params={{ name: item.name, province: drift.province }}
          >
            <StateMark
              state={drift.verdict === "drift" ? "drift" : "healthy"}
              text={
                drift.verdict === "drift"
                  ? t("drifts", { province: provinceOf(drift.province) })
                  : t("stable")
              }
            />
          </Link>
        )}
      </td>
      <td>
        {realized == null ? (
          <span className="quiet">{t("no-quality")}</span>
        ) : (
          <Figure
            value={share(realized)}
            n={quality?.labelled}
            {...(quality && { source: provinceOf(quality.province) })}
          />
        )}
      </td>
      <td>{feedback === undefined ? "–" : <Age at={feedback} />}</td>
    </tr>
  );
}
