import { useTranslation } from "react-i18next";
import { type State, StateMark } from "../../shared/StateMark";
import { usePlace as useNamedPlace } from "../../shared/useNames";
import type { Alarm } from "./useAlarms";

const SHAPE: Record<Alarm["severity"], State> = {
  critical: "quality-down",
  warning: "drift",
  notice: "watch",
};

/** How soon a person is needed, as word, shape and colour. */
export function SeverityMark({ severity }: { severity: Alarm["severity"] }) {
  const { t } = useTranslation("alarms");
  return <StateMark state={SHAPE[severity]} text={t(`severity.${severity}`)} />;
}

/** The alarm's sentence in the reader's language. */
export function useSays(): (says: Alarm["says"]) => string {
  const { i18n } = useTranslation("alarms");
  return (says) => (i18n.language === "en" ? says.en : says.zh);
}

/** Where it is: a province, a capability, both, or the center. */
export function usePlace(): (alarm: Alarm) => string {
  const { t } = useTranslation("alarms");
  const placeOf = useNamedPlace();
  return (alarm) => placeOf(alarm) || t("center");
}
