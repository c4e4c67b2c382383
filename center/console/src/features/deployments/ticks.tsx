import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import style from "./Deployments.module.css";

export const PARTS = ["code", "weights", "overlay", "parse-rule", "anchors"] as const;
type Part = Schemas["Part"];
type Tick = Schemas["Tick"];

const SHAPES: Record<Tick, string> = { "=": "✓", "!": "✗", "-": "–", "?": "·" };
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

export type Words = TFunction<"deployments">;

/** What was said of five ticks before, by language: thousands of cells say the same. */
const spoken = new WeakMap<Words, Map<string, string>>();

function inWords(t: Words, ticks: string): string {
  const known = spoken.get(t) ?? new Map<string, string>();
  spoken.set(t, known);
  const before = known.get(ticks);
  if (before !== undefined) return before;
  const said = PARTS.map((part, index) => ({ part, tick: tickAt(ticks, index) }));
  const wrong = said.filter(({ tick }) => tick === "!");
  const words = (wrong.length > 0 ? wrong : said)
    .map(({ part, tick }) => `${t(`part.${part}`)}: ${t(`tick.${KINDS[tick]}`)}`)
    .join("; ");
  known.set(ticks, words);
  return words;
}

function tickAt(ticks: string, index: number): Tick {
  return (ticks[index] ?? "?") as Tick;
}

/** Five ticks side by side, as a cell of the matrix has them. */
export function FiveTicks({ ticks, t }: { ticks: string; t: Words }) {
  const words = inWords(t, ticks);
  const shapes = PARTS.map((_, index) => SHAPES[tickAt(ticks, index)]);
  const isWrong = ticks.includes("!");
  const isUnknown = !/[=!-]/.test(ticks);
  return (
    <span
      role="img"
      aria-label={words}
      className={style.ticks}
      {...(isUnknown && { "data-tick": "unknown" })}
      {...(isWrong && { title: words })}
    >
      {isWrong
        ? PARTS.map((part, index) => (
            <span key={part} data-tick={KINDS[tickAt(ticks, index)]}>
              {shapes[index]}
            </span>
          ))
        : shapes.join("")}
    </span>
  );
}
