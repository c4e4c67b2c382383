import { Button } from "antd";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { PageSkeleton } from "../PageSkeleton";
import style from "./Chart.module.css";
import type { ChartOption } from "./Drawing";

const Drawing = lazy(() => import("./Drawing"));

/** What the chart shows, as rows: for "as table". */
export interface ChartRows {
  head: string[];
  rows: (string | number)[][];
}

interface Props {
  /** Read aloud as what the chart shows. */
  title: string;
  /** ECharts' option; colours, fonts and the tooltip's look come from the theme. */
  option: ChartOption;
  table: ChartRows;
  height?: number;
  /** A click on a point or a bar; each leads to its rows. */
  onPick?: (seriesIndex: number, dataIndex: number) => void;
}

/** A chart that is loaded when it is shown, and is a table for whoever prefers one. */
export function Chart({ title, option, table, height = 240, onPick }: Props) {
  const { t } = useTranslation("shared");
  const [isTable, setTable] = useState(false);
  return (
    <figure className={style.place} aria-label={title}>
      <figcaption className={style.caption}>
        <span>{title}</span>
        <Button size="small" type="text" onClick={() => setTable(!isTable)}>
          {t(isTable ? "chart.as-chart" : "chart.as-table")}
        </Button>
      </figcaption>
      {isTable ? (
        <Rows {...table} />
      ) : (
        <Suspense fallback={<PageSkeleton />}>
          <Drawing option={option} height={height} {...(onPick && { onPick })} />
        </Suspense>
      )}
    </figure>
  );
}

function Rows({ head, rows }: ChartRows) {
  return (
    <table className={style.table}>
      <thead>
        <tr>
          {head.map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.join()}>
            {row.map((cell, index) => (
              <td key={head[index]}>{cell}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
