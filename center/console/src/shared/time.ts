import { useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { agoFormat, timeFormat } from "./formats";

const TICK = 15_000;
const MINUTE = 60_000;
const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 24 * 60 * MINUTE],
  ["hour", 60 * MINUTE],
  ["minute", MINUTE],
];

let now = Date.now();
const listeners = new Set<() => void>();

function tick(): void {
  now = Date.now();
  for (const listener of listeners) listener();
}

let timer: number | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= window.setInterval(tick, TICK);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    window.clearInterval(timer);
    timer = undefined;
  };
}

/** The time in milliseconds, which moves on every 15 seconds; one clock for the whole page. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

export interface Times {
  /** Such as "3 minutes ago"; null where it is less than a minute. */
  ago: (moment: Date, at: number) => string | null;
  /** In the viewer's zone. */
  local: (moment: Date) => string;
  utc: (moment: Date) => string;
  /** The day alone. */
  day: (moment: Date) => string;
  /** As `local`, to the minute: for columns and sentences. */
  brief: (moment: Date) => string;
}

/** Formats of times in the reader's language. */
export function useTimes(): Times {
  const { i18n } = useTranslation();
  const locale = i18n.language === "en" ? "en-GB" : "zh-CN";
  const full: Intl.DateTimeFormatOptions = { dateStyle: "medium", timeStyle: "medium" };
  const short: Intl.DateTimeFormatOptions = {
    ...{ month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" },
    hourCycle: "h23",
  };
  return {
    ago(moment, at) {
      const passed = at - moment.getTime();
      const unit = UNITS.find(([, length]) => Math.abs(passed) >= length);
      if (unit === undefined) return null;
      const [name, length] = unit;
      return agoFormat(locale).format(-Math.trunc(passed / length), name);
    },
    local: (moment) => timeFormat(locale, full).format(moment),
    day: (moment) => timeFormat(locale, { dateStyle: "medium" }).format(moment),
    brief: (moment) => timeFormat(locale, short).format(moment),
    utc: (moment) => `${moment.toISOString().slice(0, 19).replace("T", " ")} UTC`,
  };
}
