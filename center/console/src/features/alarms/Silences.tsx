import { useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { api, ask, type Schemas } from "../../api/client";
import { useSession } from "../../app/session";
import { Age } from "../../shared/Age";
import { Notice } from "../../shared/Notice";
import { type Column, DataTable, type PageRequest } from "../../shared/table";
import { useNames } from "../../shared/useNames";
import { SilenceForm } from "./SilenceForm";

type Silence = Schemas["SilenceView"];

/** Silences in force, and a form for another. */
export function Silences() {
  const { t } = useTranslation("alarms");
  const { may } = useSession();
  const columns = useColumns(may("handle:alarms"));
  const load = ({ limit, cursor }: PageRequest) =>
    ask(
      api.GET("/api/v1/alarm-silences", {
        params: { query: { limit, ...(cursor && { cursor }) } },
      }),
    );
  return (
    <>
      {may("handle:alarms") && <SilenceForm />}
      <DataTable<Silence>
        name="silences"
        prefix="s-"
        caption={t("tab.silences")}
        columns={columns}
        queryKey={["alarms", "silences"]}
        load={load}
        keyOf={(item) => item.id}
        empty={<Notice title={t("no-silences")}>{t("no-silences-text")}</Notice>}
      />
    </>
  );
}

function useColumns(mayEnd: boolean): Column<Silence>[] {
  const { t } = useTranslation("alarms");
  const queries = useQueryClient();
  const { provinceOf, capabilityOf } = useNames();
  const end = async (silence: string) => {
    await ask(api.DELETE("/api/v1/alarm-silences/{silence}", { params: { path: { silence } } }));
    await queries.invalidateQueries({ queryKey: ["alarms"] });
  };
  const all = t("all");
  const rule = (item: Silence) => (item.rule === null ? all : t(`rule.${item.rule}`));
  const columns: Column<Silence>[] = [
    { key: "rule", title: t("column.rule"), render: rule, text: rule },
    {
      key: "province",
      title: t("province"),
      render: (item) => (item.province === null ? all : provinceOf(item.province)),
      text: (item) => item.province,
    },
    {
      key: "capability",
      title: t("capability"),
      render: (item) => (item.capability === null ? all : capabilityOf(item.capability)),
      text: (item) => item.capability,
    },
    {
      key: "reason",
      title: t("reason"),
      render: (item) => item.reason,
      text: (item) => item.reason,
    },
    {
      key: "by",
      title: t("column.by"),
      render: (item) => item.created_by,
      text: (item) => item.created_by,
    },
    {
      key: "ends",
      title: t("column.ends"),
      render: (item) => <Age at={item.ends_at} />,
      text: (item) => item.ends_at,
    },
  ];
  if (mayEnd) {
    columns.push({
      key: "end",
      title: t("column.act"),
      render: (item) => (
        <Button size="small" onClick={() => void end(item.id)}>
          {t("act.end")}
        </Button>
      ),
      text: () => "",
    });
  }
  return columns;
}
