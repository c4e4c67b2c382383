import { useTranslation } from "react-i18next";
import { useNumbers } from "../../shared/numbers";
import style from "./Cell.module.css";
import type { ColumnStory, Histogram } from "./useMonitoring";
import { useWords } from "./useWords";

const WIDTH = 160;
const HEIGHT = 56;

/** The same hour of the days before, each over the training data: is it the day, or the hour? */
export function SmallMultiples({ story }: { story: ColumnStory }) {
  const { t } = useTranslation("monitoring");
  const { moment } = useWords();
  const { count } = useNumbers();
  if (story.same_hour.length === 0) return <p className="quiet">{t("detail.no-days")}</p>;
  return (
    <>
      <h4>{t("detail.days")}</h4>
      <ul className={style.multiples}>
        {[story.current, ...story.same_hour].map((item) => (
          <li key={item.at}>
            <Small reference={story.reference} item={item} />
            <small className="quiet figures">
              {moment(item.at)} · n {count(item.rows)}
            </small>
          </li>
        ))}
      </ul>
    </>
  );
}

function Small({ reference, item }: { reference: Histogram; item: Histogram }) {
  const before = shares(reference);
  const now = shares(item);
  const top = Math.max(...before, ...now, 1e-9);
  const step = WIDTH / Math.max(1, now.length);
  const y = (share: number) => HEIGHT - (share / top) * (HEIGHT - 2);
  const line = now.map((share, index) => `${(index + 0.5) * step},${y(share)}`).join(" ");
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className={style.small} aria-hidden="true">
      {before.map((share, index) => (
        <rect
          // biome-ignore lint/suspicious/noArrayIndexKey: a cell is known by its place alone
          key={index}
          className={style.before}
          x={index * step}
          y={y(share)}
          width={step}
          height={HEIGHT - y(share)}
        />
      ))}
      <polyline points={line} className={style.now} />
    </svg>
  );
}

/** Shares in up to sixteen joined cells: a small picture shows no more. */
function shares({ counts, rows }: Histogram): number[] {
  const size = Math.max(1, Math.ceil(counts.length / 16));
  const joined: number[] = [];
  for (let from = 0; from < counts.length; from += size) {
    const part = counts.slice(from, from + size);
    joined.push(part.reduce((sum, value) => sum + value, 0) / Math.max(1, rows));
  }
  return joined;
}
