import { Tooltip } from "antd";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import style from "./Deployments.module.css";

export const PARTS = ["code", "weights", "overlay", "parse-rule", "anchors"] as const;
type Part = Schemas["Part"];
type Tick = Schemas["Tick"];

const SHAPES: Record<Tick, string> = { "=": "✓", "!": "✗", "-": "–", "?": "?" };
const KINDS: Record<Tick, "equal" | "different" | "none" | "unknown"> = {
  "=": "equal",
  "!": "different",
  "-": "none",
  "?": "unknown",
};

/** One of five: its shape, and on hover which part it is and what to do. */
export function TickMark({ part, tick }: { part: Part; tick: Tick }) {
  const { t } = useTranslation("deployments");
  return (
    <span data-tick={KINDS[tick]}>
      {SHAPES[tick]} {t(`tick.${KINDS[tick]}`)}
      {tick === "!" && <span className={style.cure}>{t(`cure.${part}`)}</span>}
    </span>
  );
}

/** Five ticks side by side, as a cell of the matrix has them. */
export function FiveTicks({ ticks }: { ticks: string }) {
  const { t } = useTranslation("deployments");
  const tick = (index: number) => (ticks[index] ?? "?") as Tick;
  const wrong = PARTS.filter((_, index) => tick(index) === "!");
  const words =
    wrong.length > 0
      ? wrong.map((part) => `${t(`part.${part}`)}: ${t("tick.different")}`).join("; ")
      : PARTS.map((part, index) => `${t(`part.${part}`)} ${t(`tick.${KINDS[tick(index)]}`)}`).join(
          ", ",
        );
  const marks = (
    <span role="img" aria-label={words} className={style.ticks}>
      {PARTS.map((part, index) => (
        <span key={part} data-tick={KINDS[tick(index)]}>
          {SHAPES[tick(index)]}
        </span>
      ))}
    </span>
  );
  if (wrong.length === 0) return marks;
  return <Tooltip title={wrong.map((part) => t(`cure.${part}`)).join(" ")}>{marks}</Tooltip>;
}
