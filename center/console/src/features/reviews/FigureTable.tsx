import { useTranslation } from "react-i18next";
import { useNumbers } from "../../shared/numbers";
import style from "./Reviews.module.css";
import { useGateWords } from "./useGateWords";
import type { Difference } from "./useReviews";

/** Figures of both versions, side by side, with how much they moved. */
export function FigureTable({
  title,
  figures,
}: {
  title: string;
  figures: Difference["resources"];
}) {
  const { t } = useTranslation("reviews");
  const { figure, share } = useNumbers();
  const { figureOf } = useGateWords();
  if (figures.length === 0) return null;
  return (
    <section className={style.part}>
      <h3>{title}</h3>
      <table className={style.table}>
        <caption className="unseen">{title}</caption>
        <thead>
          <tr>
            {(["figure", "before", "after", "moved"] as const).map((name) => (
              <th key={name} scope="col" className={name === "figure" ? undefined : style.number}>
                {t(`head.${name}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {figures.map((row) => (
            <tr key={row.name}>
              <th scope="row">
                {figureOf(row.name)} <span className="quiet">{row.unit}</span>
              </th>
              <td className={style.number}>{figure(row.before)}</td>
              <td className={style.number}>{figure(row.after)}</td>
              <td className={style.number}>
                {row.before && row.after != null ? share(row.after / row.before - 1, 0) : "–"}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
