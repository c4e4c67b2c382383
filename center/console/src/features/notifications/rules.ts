import type { Notification, RuleBody } from "./useNotifications";

/** What one may hear of. */
export const KINDS: Notification["kind"][] = [
  "alarm",
  "alarm-over",
  "assignment",
  "incident",
  "subscription",
  "publication",
  "deployment",
  "work-order",
];

/** What the form holds; fields of another channel may be missing. */
export interface Wish {
  kinds?: Notification["kind"][];
  provinces?: string[];
  severity: string;
  channel: "console" | "email" | "webhook";
  target?: string;
  timing?: "at-once" | "digest";
  digest?: string;
  from?: string;
  to?: string;
}

/** The form as the center takes it. */
export function toBody(wish: Wish, zone: string): RuleBody {
  const isSent = wish.channel !== "console";
  const isDigest = isSent && wish.timing === "digest";
  return {
    kinds: wish.kinds ?? [],
    provinces: wish.provinces ?? [],
    severity: wish.severity,
    channel: wish.channel,
    target: wish.target ?? "",
    timing: isDigest ? "digest" : "at-once",
    quiet_from: (isSent && !isDigest && wish.from) || null,
    quiet_to: (isSent && !isDigest && wish.to) || null,
    zone,
    digest_at: (isDigest && wish.digest) || "08:00",
  };
}
