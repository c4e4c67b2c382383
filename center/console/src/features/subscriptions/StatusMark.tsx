import { useTranslation } from "react-i18next";
import { type State, StateMark } from "../../shared/StateMark";
import type { Subscription } from "./useSubscriptions";

const STATE_OF: Record<Subscription["status"], State> = {
  active: "healthy",
  requested: "learning",
  scheduled: "late",
  suspended: "watch",
  declined: "muted",
  withdrawn: "muted",
  revoked: "muted",
  expired: "no-data",
};

/** A subscription's status as word, shape and colour. */
export function StatusMark({ status }: { status: Subscription["status"] }) {
  const { t } = useTranslation("subscriptions");
  return <StateMark state={STATE_OF[status]} text={t(`status.${status}`)} />;
}
