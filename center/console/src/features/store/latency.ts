import type { Schemas } from "../../api/client";
import type { ChartRows } from "../../shared/chart/Chart";
import type { ChartOption } from "../../shared/chart/Drawing";

export type Performance = Schemas["PerformanceView"];
type Point = Schemas["BatchPoint"];

const MOST_LINES = 3;

/** A line that is estimated: the passport's times on machines of another score. */
export interface Line {
  label: string;
  factor: number;
}

/** One thread's points, by rows: what a latency over batch sizes is read from. */
function curve(points: Point[]): Point[] {
  return points.filter((point) => point.threads === 1).sort((a, b) => a.rows - b.rows);
}

/** The scores of a province's machines that can run it, each once and the fastest first. */
export function linesOf(data: Performance, label: (score: number) => string): Line[] {
  return data.machines
    .filter((item) => item.takes && item.score > 0)
    .slice(0, MOST_LINES)
    .map((item) => ({ label: label(item.score), factor: item.factor }));
}

export function latencyOption(
  measured: string,
  points: Point[],
  lines: Line[],
  along: string,
): ChartOption {
  const shown = curve(points);
  const series = [{ label: measured, factor: 1, isMeasured: true }, ...lines.map(toEstimate)];
  return {
    grid: { left: 56, right: 180, top: 24, bottom: 40 },
    xAxis: { type: "log", name: along, nameLocation: "middle", nameGap: 26 },
    yAxis: { type: "value", name: "ms", min: 0 },
    tooltip: { trigger: "axis" },
    series: series.map(({ label, factor, isMeasured }) => ({
      type: "line",
      name: label,
      data: shown.map((point) => [point.rows, round(point.latency_p99_ms * factor)]),
      lineStyle: { type: isMeasured ? "solid" : "dashed" },
      endLabel: { show: true, formatter: "{a}" },
    })),
  };
}

function toEstimate(line: Line) {
  return { ...line, isMeasured: false };
}

export function latencyRows(head: string[], points: Point[], lines: Line[]): ChartRows {
  return {
    head: [...head, ...lines.map((line) => line.label)],
    rows: curve(points).map((point) => [
      point.rows,
      ...[1, ...lines.map((line) => line.factor)].map((factor) =>
        round(point.latency_p99_ms * factor),
      ),
    ]),
  };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
