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

/** What was said of five ticks before: thousands of cells say the same. */
const spoken = new Map<string, string>();

function useWords(ticks: string): string {
  const { t, i18n } = useTranslation("deployments");
  const key = `${i18n.language} ${ticks}`;
  const known = spoken.get(key);
  if (known !== undefined) return known;
  const said = PARTS.map((part, index) => ({ part, tick: tickAt(ticks, index) }));
  const wrong = said.filter(({ tick }) => tick === "!");
  const words = (wrong.length > 0 ? wrong : said)
    .map(({ part, tick }) => `${t(`part.${part}`)}: ${t(`tick.${KINDS[tick]}`)}`)
    .join("; ");
  spoken.set(key, words);
  return words;
}

function tickAt(ticks: string, index: number): Tick {
  return (ticks[index] ?? "?") as Tick;
}

/** Five ticks side by side, as a cell of the matrix has them. */
export function FiveTicks({ ticks }: { ticks: string }) {
  const words = useWords(ticks);
  const shapes = PARTS.map((_, index) => SHAPES[tickAt(ticks, index)]);
  const isWrong = ticks.includes("!");
  return (
    <span role="img" aria-label={words} className={style.ticks} {...(isWrong && { title: words })}>
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
