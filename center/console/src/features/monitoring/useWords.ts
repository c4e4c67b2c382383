import { useTranslation } from "react-i18next";
import { listFormat, timeFormat } from "../../shared/formats";
import { useNumbers } from "../../shared/numbers";

/** Short forms of moments, shifts and lists in the reader's language. */
export function useWords() {
  const { t, i18n } = useTranslation("monitoring");
  const { figure, share } = useNumbers();
  const locale = i18n.language === "en" ? "en-GB" : "zh-CN";
  return {
    /** Hour and minute of today, with the day before that; a dash of nothing. */
    moment(at: string | null | undefined): string {
      if (at === null || at === undefined || at === "") return "–";
      const date = new Date(at);
      const isToday = date.toDateString() === new Date().toDateString();
      const day: Intl.DateTimeFormatOptions = isToday ? {} : { month: "short", day: "numeric" };
      return timeFormat(locale, { ...day, hour: "2-digit", minute: "2-digit" }).format(date);
    },
    /** How far a column lies off: standard deviations of its mean, or the share of rows elsewhere. */
    shift(value: number | null, effect: number | null): string {
      if (value === null) return t("shift.elsewhere", { share: share(effect) });
      const size = figure(Math.abs(value), 2);
      return t(value < 0 ? "shift.down" : "shift.up", { size });
    },
    list(words: string[]): string {
      return listFormat(locale).format(words);
    },
  };
}
