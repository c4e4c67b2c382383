import { Button } from "antd";
import { type CSSProperties, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNumbers } from "../../shared/numbers";
import { Scrolled } from "../../shared/Scrolled";
import { StateMark } from "../../shared/StateMark";
import style from "./Cell.module.css";
import type { CellStory } from "./useMonitoring";
import { useWords } from "./useWords";

/** Effect that fills the bar. */
const FULL = 0.6;
/** So many columns are shown at first, the largest movements. */
const FIRST = 12;

interface Props {
  story: CellStory;
  open: string;
  onOpen: (column: string) => void;
}

/** Columns by what they contribute; each opens its histograms. */
export function Columns({ story: { columns, thresholds }, open, onOpen }: Props) {
  const { t } = useTranslation("monitoring");
  const { figure, share } = useNumbers();
  const { shift } = useWords();
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? columns : columns.slice(0, FIRST);
  if (columns.length === 0) return <p className="quiet">{t("columns.none")}</p>;
  return (
    <Scrolled label={t("columns.title")}>
      <table className={style.columns}>
        <thead>
          <tr>
            <th scope="col">{t("columns.name")}</th>
            <th scope="col">{t("columns.effect")}</th>
            <th scope="col">{t("columns.shift")}</th>
            <th scope="col" className={style.number}>
              {t("columns.statistic")}
            </th>
            <th scope="col" className={style.number}>
              {t("columns.q")}
            </th>
            <th scope="col" className={style.number}>
              {t("columns.null")}
            </th>
            <th scope="col" className={style.number}>
              {t("columns.outside")}
            </th>
            <th scope="col">{t("columns.verdict")}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((item) => (
            <tr key={item.column} aria-selected={item.column === open}>
              <td>
                <button type="button" className={style.pick} onClick={() => onOpen(item.column)}>
                  {item.column}
                </button>
              </td>
              <td className="figures">
                <Bar effect={item.effect} moved={item.moved} /> {figure(item.effect, 2)}
              </td>
              <td>{item.shift === null ? "–" : shift(item.shift, item.effect)}</td>
              <td className={style.number}>{figure(item.statistic)}</td>
              <td className={style.number}>{small(item.q)}</td>
              <td className={style.number}>{share(item.null_share)}</td>
              <td className={style.number}>{share(item.outside_share)}</td>
              <td>
                <StateMark
                  state={item.moved ? "drift" : "healthy"}
                  text={t(item.moved ? "columns.moved" : "columns.still")}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length < columns.length && (
        <Button type="link" className={style.more ?? ""} onClick={() => setWhole(true)}>
          {t("columns.all", { count: columns.length })}
        </Button>
      )}
      <p className="quiet">
        {t("columns.thresholds", {
          material: thresholds.material,
          strong: thresholds.strong,
          q: thresholds.false_discovery_rate,
        })}
      </p>
    </Scrolled>
  );
}

/** A p- or q-value as people read it. */
export function small(value: number): string {
  if (value === 0) return "< 1e-300";
  return value < 0.001 ? value.toExponential(0) : value.toFixed(3);
}

function Bar({ effect, moved }: { effect: number; moved: boolean }) {
  const width = `${Math.min(100, (100 * effect) / FULL).toFixed(1)}%`;
  return (
    <span className={style.bar} aria-hidden="true">
      <span
        className={style.fill}
        data-moved={moved}
        style={{ "--share": width } as CSSProperties}
      />
    </span>
  );
}
