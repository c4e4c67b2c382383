import { useNavigate } from "@tanstack/react-router";
import { Button, Select } from "antd";
import { useTranslation } from "react-i18next";
import { api, ask } from "../../api/client";
import { useSession } from "../../app/session";
import { Age } from "../../shared/Age";
import { Notice } from "../../shared/Notice";
import { PageFrame } from "../../shared/PageFrame";
import { type Column, DataTable, type PageRequest } from "../../shared/table";
import { useUrlState } from "../../shared/useUrlState";
import { SeverityMark, StateWord, useScope } from "./marks";
import { OpenIncident } from "./OpenIncident";
import type { Incident } from "./useIncident";

const STATES: Incident["state"][] = ["open", "mitigated", "closed"];

/** Every file: what happened, why, and what is done about it. */
export default function IncidentsPage() {
  const { t } = useTranslation("incidents");
  const { may } = useSession();
  const [alarm] = useUrlState("from");
  const [isNew, setNew] = useUrlState("new");
  const isOpening = may("handle:incidents") && (isNew !== "" || alarm !== "");
  return (
    <PageFrame
      title={t("title")}
      answers={t("answers")}
      acts={
        may("handle:incidents") &&
        !isOpening && (
          <Button type="primary" onClick={() => setNew("1", "push")}>
            {t("act.open")}
          </Button>
        )
      }
    >
      {isOpening ? <OpenIncident alarm={alarm} /> : <List />}
    </PageFrame>
  );
}

function List() {
  const { t } = useTranslation("incidents");
  const navigate = useNavigate();
  const [state, setState] = useUrlState("state");
  const columns = useColumns();
  const filter = state === "" ? {} : { state: state as Incident["state"] };
  const load = ({ limit, cursor }: PageRequest) =>
    ask(
      api.GET("/api/v1/incidents", {
        params: { query: { limit, ...filter, ...(cursor && { cursor }) } },
      }),
    );
  return (
    <DataTable<Incident>
      name="incidents"
      caption={t("title")}
      columns={columns}
      queryKey={["incidents", "list", filter]}
      load={load}
      keyOf={(item) => item.id}
      onOpen={(item) => void navigate({ to: `/incidents/${item.id}` })}
      empty={<Notice title={t("none")}>{t("none-text")}</Notice>}
      filters={
        <Select
          aria-label={t("column.state")}
          placeholder={t("column.state")}
          allowClear
          popupMatchSelectWidth={false}
          value={state === "" ? null : state}
          onChange={(next: string | null | undefined) => setState(next ?? "")}
          options={STATES.map((name) => ({ value: name, label: t(`state.${name}`) }))}
        />
      }
    />
  );
}

function useColumns(): Column<Incident>[] {
  const { t } = useTranslation("incidents");
  const scope = useScope();
  const open = (item: Incident) => item.actions.filter(({ done_at }) => done_at === null).length;
  return [
    {
      key: "severity",
      title: t("column.severity"),
      render: (item) => <SeverityMark severity={item.severity} />,
      text: (item) => item.severity,
    },
    { key: "title", title: t("column.title"), render: (item) => item.title, text: (i) => i.title },
    { key: "scope", title: t("column.scope"), render: scope, text: scope },
    {
      key: "state",
      title: t("column.state"),
      render: (item) => <StateWord state={item.state} />,
      text: (item) => t(`state.${item.state}`),
    },
    {
      key: "kind",
      title: t("column.kind"),
      render: (item) => t(`kind.${item.kind}`),
      text: (item) => item.kind,
    },
    {
      key: "lead",
      title: t("column.lead"),
      render: (item) => item.lead ?? "–",
      text: (item) => item.lead,
    },
    {
      key: "actions",
      title: t("column.open-actions"),
      isNumber: true,
      render: (item) => `${open(item)} / ${item.actions.length}`,
      text: open,
    },
    {
      key: "opened",
      title: t("column.opened"),
      render: (item) => <Age at={item.opened_at} />,
      text: (item) => item.opened_at,
    },
  ];
}
