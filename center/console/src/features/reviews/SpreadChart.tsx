import { useTranslation } from "react-i18next";
import { Chart } from "../../shared/chart";
import { useNumbers } from "../../shared/numbers";
import type { Difference } from "./useReviews";

interface Props {
  spread: Difference["distribution"][number];
  before: string;
  after: string;
}

/** How one output spreads over the same cells in both versions. */
export function SpreadChart({ spread, before, after }: Props) {
  const { t } = useTranslation("reviews");
  const { share } = useNumbers();
  const title = t("spread", { column: spread.column, share: share(spread.distance) });
  const series = [
    { type: "bar" as const, name: before, data: spread.before },
    { type: "bar" as const, name: after, data: spread.after },
  ];
  return (
    <Chart
      title={title}
      height={260}
      option={{
        legend: { data: [before, after] },
        xAxis: { type: "category", data: spread.cells },
        yAxis: { type: "value", min: 0, splitNumber: 2 },
        series,
      }}
      table={{
        head: [t("cell"), before, after],
        rows: spread.cells.map((cell, index) => [
          cell,
          share(spread.before[index] ?? 0),
          share(spread.after[index] ?? 0),
        ]),
      }}
    />
  );
}
