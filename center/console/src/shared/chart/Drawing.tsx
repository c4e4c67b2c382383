import type {
  BarSeriesOption,
  CustomSeriesOption,
  LineSeriesOption,
  ScatterSeriesOption,
} from "echarts/charts";
import { BarChart, CustomChart, LineChart, ScatterChart } from "echarts/charts";
import type {
  DataZoomComponentOption,
  GridComponentOption,
  LegendComponentOption,
  MarkAreaComponentOption,
  MarkLineComponentOption,
  MarkPointComponentOption,
  TooltipComponentOption,
} from "echarts/components";
import {
  DataZoomComponent,
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  MarkPointComponent,
  TooltipComponent,
} from "echarts/components";
import { type ComposeOption, init, use } from "echarts/core";
import { LabelLayout } from "echarts/features";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import { useAppearance } from "../../app/appearance";
import { chartTheme } from "./chartTheme";

use([
  BarChart,
  LineChart,
  ScatterChart,
  CustomChart,
  GridComponent,
  TooltipComponent,
  LegendComponent,
  DataZoomComponent,
  MarkLineComponent,
  MarkAreaComponent,
  MarkPointComponent,
  LabelLayout,
  CanvasRenderer,
]);

export type ChartOption = ComposeOption<
  | BarSeriesOption
  | LineSeriesOption
  | ScatterSeriesOption
  | CustomSeriesOption
  | GridComponentOption
  | TooltipComponentOption
  | LegendComponentOption
  | DataZoomComponentOption
  | MarkLineComponentOption
  | MarkAreaComponentOption
  | MarkPointComponentOption
>;

interface Props {
  option: ChartOption;
  height: number;
  onPick?: (seriesIndex: number, dataIndex: number) => void;
}

/** ECharts itself, in the console's theme; its size follows the page. */
export default function Drawing({ option, height, onPick }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const { mode } = useAppearance();
  useEffect(() => {
    if (place.current === null) return undefined;
    const chart = init(place.current, chartTheme(mode));
    const moves = !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    // The tooltip is drawn, not built as HTML, whose styles the page's policy would refuse.
    const tooltip = { renderMode: "richText" as const, confine: true };
    chart.setOption({ animation: moves, animationDuration: 140, tooltip });
    chart.setOption(option);
    chart.on("click", ({ seriesIndex, dataIndex }) => onPick?.(seriesIndex ?? 0, dataIndex));
    const watch = new ResizeObserver(() => chart.resize());
    watch.observe(place.current);
    return () => {
      watch.disconnect();
      chart.dispose();
    };
  }, [option, mode, onPick]);
  return <div ref={place} style={{ height }} aria-hidden="true" />;
}
