import { useTranslation } from "react-i18next";
import { useAppearance } from "../../app/appearance";
import { colour, SERIES } from "../../app/theme";
import { Chart, type ChartOption } from "../../shared/chart";
import { useNumbers } from "../../shared/numbers";
import type { CellStory } from "./useMonitoring";
import { useWords } from "./useWords";

const HOUR = 3_600_000;

/** How it came: drift score and quality over one shared time axis, with acts as markers. */
export function Timeline({ story }: { story: CellStory }) {
  const { t } = useTranslation("monitoring");
  const times = [...story.drift, ...story.quality].map((point) => Date.parse(point.at));
  if (times.length === 0) return <p className="quiet">{t("timeline.none")}</p>;
  const span = { min: Math.min(...times) - HOUR, max: Math.max(...times) + HOUR };
  return (
    <>
      <DriftChart story={story} span={span} />
      <QualityChart story={story} span={span} />
    </>
  );
}

interface Props {
  story: CellStory;
  span: { min: number; max: number };
}

const GRID = { left: 56, right: 120, top: 36, bottom: 28 };

function DriftChart({ story, span }: Props) {
  const { t } = useTranslation("monitoring");
  const { mode } = useAppearance();
  const { figure, count } = useNumbers();
  const { moment } = useWords();
  const { thresholds } = story;
  const lines = [
    { yAxis: thresholds.strong, name: t("timeline.strong") },
    { yAxis: thresholds.material, name: t("timeline.material") },
  ];
  const acts = story.markers.map((marker) => ({
    xAxis: Date.parse(marker.at),
    name: `${t(`marker.${known(marker.kind)}`)} ${marker.versions.join(", ")}`,
  }));
  const option: ChartOption = {
    grid: GRID,
    xAxis: { type: "time", ...span },
    yAxis: { type: "value", min: 0, name: t("timeline.effect") },
    tooltip: { trigger: "axis" },
    series: [
      {
        type: "line",
        name: t("timeline.drift"),
        showSymbol: story.drift.length < 60,
        data: story.drift.map((point) => [Date.parse(point.at), point.effect]),
        markLine: {
          symbol: "none",
          lineStyle: { type: "dashed", color: colour(mode, "quiet") },
          label: { formatter: "{b}", color: colour(mode, "quiet"), position: "end" },
          data: [
            ...lines,
            ...acts.map((act) => ({
              ...act,
              label: { position: "end" as const, rotate: 0, align: "right" as const },
            })),
          ],
        },
      },
    ],
  };
  const rows = story.drift.map((point) => [
    moment(point.at),
    figure(point.effect),
    point.column ?? "–",
    t(`verdict.${point.verdict}`),
    count(point.rows),
  ]);
  const head = ["at", "effect", "column", "verdict", "rows"] as const;
  return (
    <Chart
      title={t("timeline.drift")}
      option={option}
      height={220}
      table={{ head: head.map((name) => t(`timeline.head.${name}`)), rows }}
    />
  );
}

function QualityChart({ story, span }: Props) {
  const { t } = useTranslation("monitoring");
  const { mode } = useAppearance();
  const { share, count } = useNumbers();
  const { moment } = useWords();
  const estimated = story.drift.filter((point) => point.estimate !== null);
  if (story.quality.length === 0 && estimated.length === 0) return null;
  const [realizedColour = "", estimateColour = ""] = SERIES[mode];
  const option: ChartOption = {
    grid: GRID,
    xAxis: { type: "time", ...span },
    yAxis: { type: "value", max: 1, scale: true, name: t("timeline.accuracy") },
    tooltip: { trigger: "axis" },
    series: [
      {
        type: "line",
        name: t("timeline.realized"),
        color: realizedColour,
        endLabel: { show: true, formatter: "{a}", color: realizedColour },
        data: story.quality.map((point) => [Date.parse(point.at), point.accuracy]),
      },
      ...(["low", "high"] as const).map((bound) => ({
        type: "line" as const,
        name: t(`timeline.${bound}`),
        color: realizedColour,
        showSymbol: false,
        lineStyle: { width: 0.5, opacity: 0.6 },
        data: story.quality.map((point) => [Date.parse(point.at), point[bound]]),
      })),
      {
        type: "line",
        name: t("timeline.estimated"),
        color: estimateColour,
        showSymbol: false,
        lineStyle: { type: "dashed" },
        endLabel: { show: true, formatter: "{a}", color: estimateColour },
        data: estimated.map((point) => [Date.parse(point.at), point.estimate]),
      },
    ],
  };
  const rows = [
    ...story.quality.map((point) => [
      moment(point.at),
      t("timeline.realized"),
      `${share(point.accuracy)} (${share(point.low)} – ${share(point.high)})`,
      count(point.labelled),
    ]),
    ...estimated.map((point) => [
      moment(point.at),
      t("timeline.estimated"),
      share(point.estimate),
      count(point.rows),
    ]),
  ];
  const head = ["at", "kind", "accuracy", "rows"] as const;
  return (
    <Chart
      title={t("timeline.quality")}
      option={option}
      height={220}
      table={{ head: head.map((name) => t(`timeline.head.${name}`)), rows }}
    />
  );
}

function known(kind: string): "deployment" | "removal" | "boost" | "act" {
  return kind === "deployment" || kind === "removal" || kind === "boost" ? kind : "act";
}
