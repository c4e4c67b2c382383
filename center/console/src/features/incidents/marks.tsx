import { useTranslation } from "react-i18next";
import { type State, StateMark } from "../../shared/StateMark";
import { useNames } from "../../shared/useNames";
import type { Incident } from "./useIncident";

const SEVERITY: Record<Incident["severity"], State> = {
  critical: "quality-down",
  warning: "drift",
  notice: "watch",
};
const STATE: Record<Incident["state"], State> = {
  open: "quality-down",
  mitigated: "watch",
  closed: "healthy",
};

/** How bad it is or was. */
export function SeverityMark({ severity }: { severity: Incident["severity"] }) {
  const { t } = useTranslation("incidents");
  return <StateMark state={SEVERITY[severity]} text={t(`severity.${severity}`)} />;
}

/** Returns how to say where it is: provinces, then capabilities. */
export function useScope(): (item: Incident) => string {
  const { t } = useTranslation("incidents");
  const { provinceOf, capabilityOf } = useNames();
  return (item) =>
    [...item.provinces.map(provinceOf), ...item.capabilities.map(capabilityOf)].join(" · ") ||
    t("everywhere");
}

/** Where a file stands. */
export function StateWord({ state }: { state: Incident["state"] }) {
  const { t } = useTranslation("incidents");
  return <StateMark state={STATE[state]} text={t(`state.${state}`)} />;
}
