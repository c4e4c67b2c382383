import { useTranslation } from "react-i18next";
import { StateMark } from "../../shared/StateMark";
import type { Order } from "./useWorkOrders";

const MARKS = {
  open: "watch",
  assigned: "learning",
  waiting: "late",
  done: "healthy",
  declined: "muted",
  withdrawn: "muted",
} as const;

/** How far an order is. */
export function OrderMark({ state }: Pick<Order, "state">) {
  const { t } = useTranslation("work-orders");
  return <StateMark state={MARKS[state]} text={t(`state.${state}`)} />;
}
