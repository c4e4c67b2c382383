import { useTranslation } from "react-i18next";
import { type State, StateMark } from "../../shared/StateMark";
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

/** Where a file stands. */
export function StateWord({ state }: { state: Incident["state"] }) {
  const { t } = useTranslation("incidents");
  return <StateMark state={STATE[state]} text={t(`state.${state}`)} />;
}
