import { useTranslation } from "react-i18next";
import mark from "./StateMark.module.css";
import { StateShape } from "./StateShape";

/** The one vocabulary of states, worst first. */
export const STATES = [
  "quality-down",
  "drift",
  "watch",
  "late",
  "no-data",
  "learning",
  "healthy",
  "muted",
] as const;
export type State = (typeof STATES)[number];

interface Props {
  state: State;
  /** Said instead of the state's own word, such as "Drift since 14:00". */
  text?: string;
  /** Shows the shape alone, where many stand together; the word is still read aloud. */
  isBare?: boolean;
}

/** A state as word, shape and colour; never as colour alone. */
export function StateMark({ state, text, isBare = false }: Props) {
  const { t } = useTranslation("shared");
  return (
    <span className={mark.mark} data-state={state} data-bare={isBare}>
      <StateShape state={state} />
      <span className={isBare ? "unseen" : undefined}>{text ?? t(`state.${state}`)}</span>
    </span>
  );
}

/** Orders by what needs a person first. */
export function worstFirst(left: State, right: State): number {
  return STATES.indexOf(left) - STATES.indexOf(right);
}
