import type { Alarm } from "./useAlarms";

/** What alarms are raised for; about the effect of inference first, then about the platform. */
export const RULES: Alarm["rule"][] = [
  "drift",
  "quality-down",
  "data-late",
  "flood",
  "objective-burning",
  "instance-failing",
  "edge-silent",
  "digest-mismatch",
  "quota-near",
  "subscription-expiring",
  "key-expiring",
];
export const SEVERITIES: Alarm["severity"][] = ["critical", "warning", "notice"];
export const STATES: Alarm["state"][] = [
  "open",
  "acknowledged",
  "assigned",
  "silenced",
  "resolved",
];

/** How long a silence may be, in hours. */
export const SILENCES = [1, 4, 24, 168] as const;

/** The moment that many hours from now, as the center takes it. */
export function inHours(hours: number): string {
  return new Date(Date.now() + hours * 3_600_000).toISOString();
}
