import { useTranslation } from "react-i18next";
import { type State, StateMark } from "../../shared/StateMark";
import type { Rollout } from "./useDeployments";

const SHAPES: Record<Rollout["state"], State> = {
  running: "learning",
  paused: "watch",
  finished: "healthy",
  "rolled-back": "muted",
};

/** Where a roll-out is, as word, shape and colour: a paused one waits for a person. */
export function RolloutMark({ state }: { state: Rollout["state"] }) {
  const { t } = useTranslation("deployments");
  return <StateMark state={SHAPES[state]} text={t(`state.${state}`)} />;
}
