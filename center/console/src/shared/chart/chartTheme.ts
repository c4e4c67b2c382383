import { colour, FONT, type Mode, SERIES } from "../../app/theme";

/** The look of every chart: the palette's own greys, Okabe-Ito's series. */
export function chartTheme(mode: Mode): object {
  const quiet = colour(mode, "quiet");
  const line = colour(mode, "line");
  const axis = {
    axisLine: { lineStyle: { color: line } },
    axisTick: { lineStyle: { color: line } },
    axisLabel: { color: quiet },
    nameTextStyle: { color: quiet },
    splitLine: { lineStyle: { color: line } },
  };
  return {
    color: SERIES[mode],
    backgroundColor: "transparent",
    textStyle: { fontFamily: FONT, color: colour(mode, "text") },
    legend: { textStyle: { color: quiet } },
    tooltip: {
      backgroundColor: colour(mode, "raised"),
      borderColor: line,
      textStyle: { color: colour(mode, "text") },
    },
    categoryAxis: axis,
    valueAxis: axis,
    timeAxis: axis,
    logAxis: axis,
  };
}
