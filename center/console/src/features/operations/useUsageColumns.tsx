import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import { useNumbers } from "../../shared/numbers";
import type { Column } from "../../shared/table";
import { useTimes } from "../../shared/time";
import { useNames } from "../../shared/useNames";
import type { Dimension } from "./ranges";

type Usage = Schemas["UsageView"];
const DAY = 24;

/** Columns of the chosen groups, then their figures; the center sorts by its sums. */
export function useUsageColumns(dimensions: Dimension[], hours: number): Column<Usage>[] {
  const { t } = useTranslation("operations");
  const { count, figure, share } = useNumbers();
  const { brief } = useTimes();
  const { provinceOf, capabilityOf } = useNames();
  const says: Partial<Record<Dimension, (value: string) => string>> = {
    hour: (value) => brief(new Date(value)),
    province: provinceOf,
    capability: capabilityOf,
  };
  const groups = dimensions.map((name): Column<Usage> => {
    const say = says[name] ?? String;
    const text = (row: Usage) => (row[name] ? say(row[name]) : "–");
    return { key: name, title: t(`column.${name}`), render: text, text: (row) => row[name] };
  });
  const sum = (name: "calls" | "units" | "errors" | "failures" | "throttled"): Column<Usage> => ({
    key: name,
    title: t(`column.${name}`),
    isNumber: true,
    isSortable: true,
    isHidden: name === "units",
    render: (row) => count(row[name]),
    text: (row) => row[name],
  });
  const latency = (name: "p50_ms" | "p99_ms"): Column<Usage> => ({
    key: name,
    title: t(`column.${name}`),
    isNumber: true,
    render: (row) => figure(row[name]),
    text: (row) => row[name],
  });
  const used = (row: Usage) =>
    row.daily_quota == null ? null : row.units / Math.max(1, hours / DAY) / row.daily_quota;
  return [
    ...groups,
    sum("calls"),
    sum("units"),
    sum("errors"),
    {
      key: "rate",
      title: t("column.error-rate"),
      isNumber: true,
      render: (row) => share(row.calls === 0 ? null : row.errors / row.calls),
      text: (row) => (row.calls === 0 ? null : row.errors / row.calls),
    },
    sum("failures"),
    sum("throttled"),
    latency("p50_ms"),
    latency("p99_ms"),
    {
      key: "quota",
      title: t("column.quota"),
      isNumber: true,
      render: (row) => share(used(row)),
      text: used,
    },
  ];
}
