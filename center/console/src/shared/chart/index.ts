export { Chart, type ChartRows } from "./Chart";
export type { ChartOption } from "./Drawing";
