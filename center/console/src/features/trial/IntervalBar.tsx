import type { Schemas } from "../../api/client";
import { useNumbers } from "../../shared/numbers";
import style from "./Trial.module.css";

type Interval = Schemas["IntervalView"];

const WIDTH = 200;
const MIDDLE = 7;
const DOT = 4;

interface Props {
  interval: Interval;
  isEstimated?: boolean;
  /** Where the line begins; shares near 1 are told apart from there. */
  from?: number;
}

/** A share with its interval on a line from `from` to 1; estimates are dashed and hollow. */
export function IntervalBar({ interval, isEstimated = false, from = 0 }: Props) {
  const { share } = useNumbers();
  const at = (value: number) => ((Math.max(value, from) - from) / (1 - from)) * WIDTH;
  return (
    <svg
      className={style.bar}
      viewBox={`-5 0 ${WIDTH + 10} 14`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${share(interval.value)} (${share(interval.low)}–${share(interval.high)})`}
    >
      <line className={style.axis} x1={0} x2={WIDTH} y1={MIDDLE} y2={MIDDLE} />
      <g className={isEstimated ? style.estimated : style.realized}>
        <line x1={at(interval.low)} x2={at(interval.high)} y1={MIDDLE} y2={MIDDLE} />
        <circle cx={at(interval.value)} cy={MIDDLE} r={DOT} />
      </g>
    </svg>
  );
}
