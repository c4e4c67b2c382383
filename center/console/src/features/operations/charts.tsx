import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import { Chart } from "../../shared/chart";
import { useNumbers } from "../../shared/numbers";
import { useTimes } from "../../shared/time";

type Detail = Schemas["ObjectiveDetailView"];
const ROUND = 1000;

/** How the two budgets were used up over the period. */
export function BudgetChart({ item }: { item: Detail }) {
  const { t } = useTranslation("operations");
  const { share } = useNumbers();
  const { local } = useTimes();
  const availability = t("availability");
  const latency = t("latency");
  const gone = t("gone");
  const option = useMemo(() => {
    const line = (name: string, pick: (hour: Detail["hours"][number]) => number) => ({
      type: "line" as const,
      name,
      showSymbol: false,
      endLabel: { show: true, formatter: name },
      data: item.hours.map((hour) => [hour.hour, Math.round(pick(hour) * 100 * ROUND) / ROUND]),
    });
    const threshold = {
      silent: true,
      symbol: "none",
      data: [{ yAxis: 0, name: gone }],
      label: { formatter: gone, position: "insideStartTop" as const },
    };
    return {
      grid: { top: 16, right: 88, bottom: 28, left: 48 },
      tooltip: { trigger: "axis" as const },
      xAxis: { type: "time" as const },
      yAxis: { type: "value" as const, max: 100, axisLabel: { formatter: "{value} %" } },
      series: [
        { ...line(availability, (hour) => hour.availability_left), markLine: threshold },
        line(latency, (hour) => hour.latency_left),
      ],
    };
  }, [item, availability, latency, gone]);
  const rows = item.hours.map((hour) => [
    local(new Date(hour.hour)),
    hour.calls,
    hour.failures,
    share(hour.availability_left),
    share(hour.latency_left),
  ]);
  const head = [t("column.hour"), t("column.calls"), t("column.failures"), availability, latency];
  return <Chart title={t("chart.budget")} option={option} table={{ head, rows }} />;
}

/** Calls by latency, with the objective drawn where it lies (R103). */
export function LatencyChart({ item }: { item: Detail }) {
  const { t } = useTranslation("operations");
  const { count } = useNumbers();
  const cells = useMemo(() => shown(item.histogram), [item.histogram]);
  const objective = t("chart.objective", { ms: item.latency.target });
  const option = useMemo(() => {
    const at = cells.findIndex(({ to_ms }) => to_ms === null || to_ms >= item.latency.target);
    return {
      grid: { top: 28, right: 16, bottom: 28, left: 56 },
      tooltip: { trigger: "axis" as const },
      xAxis: { type: "category" as const, data: cells.map(label), name: "ms" },
      yAxis: { type: "value" as const, min: 0 },
      series: [
        {
          type: "bar" as const,
          barCategoryGap: "8%",
          data: cells.map((cell) => cell.calls),
          markLine: {
            silent: true,
            symbol: "none",
            data: at < 0 ? [] : [{ xAxis: at }],
            label: { formatter: objective },
          },
        },
      ],
    };
  }, [cells, item.latency.target, objective]);
  const rows = cells.map((cell) => [label(cell), count(cell.calls)]);
  return (
    <Chart
      title={t("chart.latency")}
      option={option}
      table={{ head: ["ms", t("column.calls")], rows }}
    />
  );
}

type Cell = Detail["histogram"][number];

function label({ from_ms, to_ms }: Cell): string {
  return to_ms === null ? `> ${from_ms}` : `≤ ${to_ms}`;
}

/** The cells from the first to the last that any call fell into, and one beyond at each side. */
function shown(cells: Cell[]): Cell[] {
  const used = cells.flatMap((cell, index) => (cell.calls > 0 ? [index] : []));
  const first = used[0] ?? 0;
  const last = used.at(-1) ?? cells.length - 1;
  return cells.slice(Math.max(0, first - 1), last + 2);
}
