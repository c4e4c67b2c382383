import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import { useNumbers } from "../../shared/numbers";
import { type State, StateMark } from "../../shared/StateMark";
import style from "./Operations.module.css";

type Budget = Schemas["BudgetView"];

/** Below this share of its budget a capability is watched. */
const LOW = 0.25;

/** How a budget stands, in the console's vocabulary of states. */
export function budgetState(left: number, burning: Budget["burning"]): State {
  if (left <= 0 || burning === "fast") return "quality-down";
  if (burning === "slow") return "drift";
  return left < LOW ? "watch" : "healthy";
}

/** What is left of an error budget, as a bar with its figure, and how fast it goes. */
export function BudgetLeft({ budget }: { budget: Budget }) {
  const { t } = useTranslation("operations");
  const { share } = useNumbers();
  const { left, burning } = budget;
  const state = budgetState(left, burning);
  const text = left <= 0 ? t("spent", { share: share(-left) }) : share(left);
  const burn = burning === null ? "" : ` · ${t(`burning.${burning}`)}`;
  return (
    <span className={style.budget}>
      <span className={style.bar} data-state={state} aria-hidden="true">
        <span style={{ width: `${Math.max(0, Math.min(1, left)) * 100}%` }} />
      </span>
      <StateMark state={state} text={`${text}${burn}`} />
    </span>
  );
}

/** The longest burn rate that is known of a budget, such as "2.4×". */
export function useBurn(): (budget: Budget, window: "fast" | "slow") => string {
  const { figure } = useNumbers();
  return (budget, window) => {
    const burn = budget.burns.find((item) => item.window === window);
    return burn?.long == null ? "–" : `${figure(burn.long, 2)}×`;
  };
}
