import { Segmented } from "antd";
import { useTranslation } from "react-i18next";
import { api, ask, type Schemas } from "../../api/client";
import { Figure } from "../../shared/Figure";
import { Notice } from "../../shared/Notice";
import { useNumbers } from "../../shared/numbers";
import { type Column, DataTable, type PageRequest } from "../../shared/table";
import { useTimes } from "../../shared/time";
import { useNames } from "../../shared/useNames";
import { useProvince } from "../../shared/useProvince";
import { useUrlChange, useUrlState } from "../../shared/useUrlState";
import { BudgetLeft, useBurn } from "./BudgetLeft";

type Objective = Schemas["ObjectiveView"];

/** Error budgets of the last 28 days: the one with the least left first. */
export function ObjectiveList() {
  const { t } = useTranslation("operations");
  const [by, setBy] = useUrlState("by", "capability");
  const [capability] = useUrlState("capability");
  const [province] = useProvince();
  const change = useUrlChange();
  const columns = useColumns();
  const scope = {
    by,
    ...(province === "" ? {} : { province }),
    ...(capability === "" ? {} : { capability }),
  };
  const load = ({ limit, cursor }: PageRequest) =>
    ask(
      api.GET("/api/v1/objectives", {
        params: { query: { limit, ...scope, ...(cursor && { cursor }) } },
      }),
    );
  return (
    <DataTable<Objective>
      name="objectives"
      prefix="o-"
      caption={t("tab.objectives")}
      columns={columns}
      queryKey={["objectives", scope]}
      load={load}
      keyOf={(item) => `${item.capability} ${item.province}`}
      onOpen={(item) =>
        change({ objective: item.capability, at: item.province || undefined }, "push")
      }
      empty={<Notice title={t("no-objectives")}>{t("no-objectives-text")}</Notice>}
      filters={
        <Segmented
          aria-label={t("by")}
          value={by}
          onChange={setBy}
          options={[
            { value: "capability", label: t("by-capability") },
            { value: "province", label: t("by-province") },
          ]}
        />
      }
    />
  );
}

function useColumns(): Column<Objective>[] {
  const { t } = useTranslation("operations");
  const { count, figure, share } = useNumbers();
  const { brief } = useTimes();
  const burn = useBurn();
  const { provinceOf, capabilityOf } = useNames();
  const ends = (item: Objective) => {
    const moments = [item.availability.exhausts_at, item.latency.exhausts_at];
    const first = moments.filter((moment) => moment !== null).sort()[0];
    if (item.left <= 0) return t("gone");
    return first == null ? "–" : brief(new Date(first));
  };
  return [
    {
      key: "capability",
      title: t("column.capability"),
      render: (item) => capabilityOf(item.capability),
      text: (item) => item.capability,
    },
    {
      key: "province",
      title: t("column.province"),
      render: (item) => (item.province ? provinceOf(item.province) : t("all-provinces")),
      text: (item) => item.province,
    },
    {
      key: "availability",
      title: t("column.availability-left"),
      render: (item) => <BudgetLeft budget={item.availability} />,
      text: (item) => item.availability.left,
    },
    {
      key: "latency",
      title: t("column.latency-left"),
      render: (item) => <BudgetLeft budget={item.latency} />,
      text: (item) => item.latency.left,
    },
    {
      key: "p99",
      title: t("column.p99"),
      isNumber: true,
      render: (item) => (
        <Figure
          value={`${figure(item.p99_ms)} / ${figure(item.latency.target)} ms`}
          at={item.measured_at}
          staleAfter={300}
          source={t("source")}
        />
      ),
      text: (item) => item.p99_ms,
    },
    {
      key: "burn",
      title: t("column.burn"),
      isNumber: true,
      render: (item) => `${burn(item.availability, "fast")} · ${burn(item.availability, "slow")}`,
      text: (item) => burn(item.availability, "fast"),
    },
    { key: "ends", title: t("column.exhausts"), render: ends, text: ends },
    {
      key: "target",
      title: t("column.target"),
      isHidden: true,
      render: (item) => share(item.availability.target, 3),
      text: (item) => item.availability.target,
    },
    {
      key: "calls",
      title: t("column.calls"),
      isNumber: true,
      render: (item) => count(item.calls),
      text: (item) => item.calls,
    },
  ];
}
