/** What usage can be grouped by. */
export const DIMENSIONS = [
  "province",
  "capability",
  "version",
  "application",
  "organisation",
  "cost_centre",
  "hour",
] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** Ranges in hours: a day, a week, four weeks, a quarter. */
export const RANGES = [24, 168, 672, 2160] as const;

const HOUR = 3_600_000;

/** The start of the hour that many hours ago, so that the same question has the same address. */
export function hoursAgo(hours: number): string {
  return new Date(Math.floor(Date.now() / HOUR) * HOUR - (hours - 1) * HOUR).toISOString();
}
