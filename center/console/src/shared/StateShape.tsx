import type { ReactNode } from "react";
import type { State } from "./StateMark";

const RING = <circle cx="6" cy="6" r="5" />;

/** Drawn and not typed, since many fonts have no sign for some of them. */
const SHAPES: Record<State, ReactNode> = {
  healthy: <circle cx="6" cy="6" r="2" className="full" />,
  watch: (
    <>
      {RING}
      <path d="M6 1a5 5 0 0 1 5 5H6z" className="full" />
    </>
  ),
  drift: (
    <>
      {RING}
      <path d="M6 1a5 5 0 0 1 0 10z" className="full" />
    </>
  ),
  "quality-down": <circle cx="6" cy="6" r="5" className="full" />,
  late: <path d="M2.5 1h7L6 6l3.5 5h-7L6 6z" className="full" />,
  "no-data": <path d="M1.5 1.5h9v9h-9zM1.5 7l5.5-5.5M3 10.5l7.5-7.5M7 10.5l3.5-3.5" />,
  learning: <circle cx="6" cy="6" r="5" strokeDasharray="2 1.93" />,
  muted: <path d="M2 6h8" />,
};

/** The shape of a state, as tall as the letters beside it. */
export function StateShape({ state }: { state: State }) {
  return (
    <svg viewBox="0 0 12 12" aria-hidden="true" data-shape={state}>
      {SHAPES[state]}
    </svg>
  );
}
