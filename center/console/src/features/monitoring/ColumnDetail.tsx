import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Chart, type ChartOption } from "../../shared/chart";
import { useNumbers } from "../../shared/numbers";
import { QueryStates } from "../../shared/QueryStates";
import { Scrolled } from "../../shared/Scrolled";
import style from "./Cell.module.css";
import { small } from "./Columns";
import { SmallMultiples } from "./SmallMultiples";
import { type ColumnStory, type Histogram, useColumn } from "./useMonitoring";
import { useWords } from "./useWords";

interface Props {
  capability: string;
  province: string;
  column: string;
}

/** One column: training data and newest sample on the same cells, with the test's own figures. */
export function ColumnDetail({ capability, province, column }: Props) {
  const { t } = useTranslation("monitoring");
  const query = useColumn(capability, province, column);
  const place = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another column is looked at from its top
  useEffect(() => place.current?.scrollIntoView({ block: "start" }), [column]);
  return (
    <section ref={place} className={style.detail} aria-label={t("detail.title", { column })}>
      <h3>{t("detail.title", { column })}</h3>
      <QueryStates query={query}>{(story) => <Story story={story} />}</QueryStates>
    </section>
  );
}

function Story({ story }: { story: ColumnStory }) {
  const { t } = useTranslation("monitoring");
  const { figure, count } = useNumbers();
  const { shift } = useWords();
  const { movement, reference, current } = story;
  return (
    <>
      <p className="figures">
        {t("detail.test", {
          statistic: figure(movement.statistic),
          p: small(movement.p),
          q: small(movement.q),
          effect: figure(movement.effect, 2),
          how: shift(movement.shift, movement.effect),
        })}{" "}
        {t("detail.n", { reference: count(reference.rows), current: count(current.rows) })}
      </p>
      <Histograms story={story} />
      <Shares story={story} />
      <SmallMultiples story={story} />
    </>
  );
}

function Histograms({ story }: { story: ColumnStory }) {
  const { t } = useTranslation("monitoring");
  const { share } = useNumbers();
  const names = useCellNames(story);
  const series = [
    { name: t("detail.reference"), of: story.reference },
    { name: t("detail.current"), of: story.current },
  ];
  const option: ChartOption = {
    grid: { left: 56, right: 16, top: 32, bottom: 48 },
    legend: { top: 0 },
    tooltip: { trigger: "axis" },
    xAxis: { type: "category", data: names },
    yAxis: { type: "value", min: 0, name: t("detail.share") },
    series: series.map(({ name, of }) => ({
      type: "bar",
      name,
      barGap: "-60%",
      barCategoryGap: "10%",
      itemStyle: { opacity: 0.75 },
      data: of.counts.map((value) => value / Math.max(1, of.rows)),
    })),
  };
  const rows = names.map((name, index) => [
    name,
    ...series.map(({ of }) => share((of.counts[index] ?? 0) / Math.max(1, of.rows), 2)),
  ]);
  const head = [t("detail.cell"), ...series.map(({ name }) => name)];
  return (
    <Chart title={t("detail.histograms")} option={option} height={260} table={{ head, rows }} />
  );
}

/** A cell narrower than this, relative to where it lies, holds one value. */
const POINT = 1e-12;

/** Names the cells: from and to of a bin, or a level. */
function useCellNames({ edges, levels }: ColumnStory): string[] {
  const { figure } = useNumbers();
  if (levels.length > 0) return levels;
  return edges.slice(1).map((to, index) => {
    const from = edges[index] ?? to;
    const isPoint = to - from <= POINT * Math.max(1, Math.abs(to));
    return isPoint ? figure(from, 4) : `${figure(from, 4)} … ${figure(to, 4)}`;
  });
}

/** What has no place among the cells, on both sides. */
function Shares({ story: { reference, current } }: { story: ColumnStory }) {
  const { t } = useTranslation("monitoring");
  const { share } = useNumbers();
  const of = (side: Histogram, name: "null" | "outside" | "other") =>
    share(side[name] / Math.max(1, side.rows), 2);
  return (
    <Scrolled label={t("detail.beyond")}>
      <table className={style.columns}>
        <thead>
          <tr>
            <th scope="col">{t("detail.beyond")}</th>
            <th scope="col" className={style.number}>
              {t("detail.reference")}
            </th>
            <th scope="col" className={style.number}>
              {t("detail.current")}
            </th>
          </tr>
        </thead>
        <tbody>
          {(["null", "outside", "other"] as const).map((name) => (
            <tr key={name}>
              <th scope="row">{t(`detail.${name}`)}</th>
              <td className={style.number}>{of(reference, name)}</td>
              <td className={style.number}>{of(current, name)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolled>
  );
}
