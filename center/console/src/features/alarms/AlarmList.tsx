import { Select } from "antd";
import { useTranslation } from "react-i18next";
import { api, ask } from "../../api/client";
import { Age } from "../../shared/Age";
import { Notice } from "../../shared/Notice";
import { type Column, DataTable, type PageRequest } from "../../shared/table";
import { useProvince } from "../../shared/useProvince";
import { useUrlState } from "../../shared/useUrlState";
import style from "./Alarms.module.css";
import { BulkActs } from "./BulkActs";
import { SeverityMark, usePlace, useSays } from "./marks";
import { RULES, SEVERITIES, STATES } from "./names";
import type { Alarm } from "./useAlarms";

/** Alarms for working through them: the worst first, the longest standing of these at the top. */
export function AlarmList() {
  const { t } = useTranslation("alarms");
  const [, open] = useUrlState("alarm");
  const [state, setState] = useUrlState("state");
  const [rule, setRule] = useUrlState("rule");
  const [severity, setSeverity] = useUrlState("severity");
  const [province] = useProvince();
  const columns = useColumns();
  const filter = {
    ...(state === "" ? {} : { state: [state as Alarm["state"]] }),
    ...(rule === "" ? {} : { rule: rule as Alarm["rule"] }),
    ...(severity === "" ? {} : { severity: severity as Alarm["severity"] }),
    ...(province === "" ? {} : { province }),
  };
  const load = ({ limit, cursor }: PageRequest) =>
    ask(
      api.GET("/api/v1/alarms", {
        params: { query: { limit, ...filter, ...(cursor && { cursor }) } },
      }),
    );

  return (
    <DataTable<Alarm>
      name="alarms"
      caption={t("title")}
      columns={columns}
      queryKey={["alarms", "list", filter]}
      load={load}
      keyOf={(alarm) => alarm.id}
      onOpen={(alarm) => open(alarm.id, "push")}
      acts={(alarms, clear) => <BulkActs alarms={alarms} onDone={clear} />}
      empty={<Notice title={t("none")}>{t("none-text")}</Notice>}
      filters={
        <>
          <Filter
            label={t("filter.state")}
            value={state}
            onChange={setState}
            options={STATES.map((name) => ({ value: name, label: t(`state.${name}`) }))}
          />
          <Filter
            label={t("filter.rule")}
            value={rule}
            onChange={setRule}
            options={RULES.map((name) => ({ value: name, label: t(`rule.${name}`) }))}
          />
          <Filter
            label={t("filter.severity")}
            value={severity}
            onChange={setSeverity}
            options={SEVERITIES.map((name) => ({ value: name, label: t(`severity.${name}`) }))}
          />
        </>
      }
    />
  );
}

interface FilterProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  options: { value: string; label: string }[];
}

function Filter({ label, value, onChange, options }: FilterProps) {
  return (
    <Select
      aria-label={label}
      placeholder={label}
      allowClear
      popupMatchSelectWidth={false}
      value={value === "" ? null : value}
      onChange={(next: string | null | undefined) => onChange(next ?? "")}
      options={options}
    />
  );
}

function useColumns(): Column<Alarm>[] {
  const { t } = useTranslation("alarms");
  const says = useSays();
  const place = usePlace();
  return [
    {
      key: "severity",
      title: t("column.severity"),
      render: (alarm) => <SeverityMark severity={alarm.severity} />,
      text: (alarm) => t(`severity.${alarm.severity}`),
    },
    {
      key: "says",
      title: t("column.says"),
      render: (alarm) => says(alarm.says),
      text: (alarm) => says(alarm.says),
    },
    { key: "place", title: t("column.place"), render: place, text: place },
    {
      key: "rule",
      title: t("column.rule"),
      render: (alarm) => <span className={style.word}>{t(`rule.${alarm.rule}`)}</span>,
      text: (alarm) => t(`rule.${alarm.rule}`),
    },
    {
      key: "state",
      title: t("column.state"),
      render: (alarm) => <span className={style.word}>{t(`state.${alarm.state}`)}</span>,
      text: (alarm) => t(`state.${alarm.state}`),
    },
    {
      key: "assignee",
      title: t("column.assignee"),
      render: (alarm) => alarm.assignee ?? "–",
      text: (alarm) => alarm.assignee,
    },
    {
      key: "first_seen",
      title: t("column.since"),
      render: (alarm) => <Age at={alarm.first_seen} />,
      text: (alarm) => alarm.first_seen,
    },
    {
      key: "count",
      title: t("column.count"),
      isNumber: true,
      render: (alarm) => alarm.count,
      text: (alarm) => alarm.count,
    },
  ];
}
