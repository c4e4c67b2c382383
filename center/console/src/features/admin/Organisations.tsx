import { useQueryClient } from "@tanstack/react-query";
import { Form, Input } from "antd";
import { useTranslation } from "react-i18next";
import { api, ask, newIdempotencyKey, type Schemas } from "../../api/client";
import { useSession } from "../../app/session";
import { FormDialog } from "../../shared/FormDialog";
import { type Column, DataTable } from "../../shared/table";
import { useTitle } from "../../shared/useTitle";

type Organisation = Schemas["OrganisationView"];
interface Fields {
  name: string;
  zh: string;
  en: string;
  cost_centre?: string;
}
const KEY = ["organisations"];

/** Headquarters, provinces and vendors, and what their usage is booked on. */
export function Organisations() {
  const { t } = useTranslation("admin");
  const titleOf = useTitle();
  const { may } = useSession();
  const columns: Column<Organisation>[] = [
    {
      key: "title",
      title: t("organisation"),
      render: (o) => titleOf(o.titles),
      text: (o) => o.titles.zh,
    },
    { key: "name", title: t("short-name"), render: (o) => o.name, text: (o) => o.name },
    { key: "kind", title: t("kind"), render: (o) => t(`kinds.${o.kind}`), text: (o) => o.kind },
    {
      key: "cost_centre",
      title: t("cost-centre"),
      render: (o) => o.cost_centre ?? "–",
      text: (o) => o.cost_centre,
    },
  ];
  const canChange = may("manage:organisations");
  if (canChange) {
    columns.push({ key: "acts", title: "", render: (o) => <Change item={o} />, text: () => "" });
  }
  return (
    <DataTable
      name="organisations"
      caption={t("tab.organisations")}
      columns={columns}
      queryKey={KEY}
      load={(page) => ask(api.GET("/api/v1/organisations", { params: { query: page } }))}
      keyOf={(o) => o.name}
      filters={canChange ? <Add /> : undefined}
    />
  );
}

function Titles() {
  const { t } = useTranslation("admin");
  const needed = [{ required: true, message: t("needed") }];
  return (
    <>
      <Form.Item name="zh" label={t("title-zh")} rules={needed}>
        <Input />
      </Form.Item>
      <Form.Item name="en" label={t("title-en")} rules={needed}>
        <Input />
      </Form.Item>
      <Form.Item name="cost_centre" label={t("cost-centre")} extra={t("cost-centre-help")}>
        <Input placeholder="CC-3300" />
      </Form.Item>
    </>
  );
}

function Add() {
  const { t } = useTranslation("admin");
  const queries = useQueryClient();
  const add = async ({ name, zh, en, cost_centre }: Fields) => {
    const body = {
      name,
      kind: "vendor" as const,
      titles: { zh, en },
      ...(cost_centre && { cost_centre }),
    };
    const headers = { "idempotency-key": newIdempotencyKey() };
    await ask(api.POST("/api/v1/organisations", { body, params: { header: headers } }));
    await queries.invalidateQueries({ queryKey: KEY });
    return null;
  };
  return (
    <FormDialog<Fields> act={t("add-vendor")} title={t("add-vendor")} isPrimary onSubmit={add}>
      <Form.Item
        name="name"
        label={t("short-name")}
        rules={[{ required: true, message: t("needed") }]}
      >
        <Input placeholder="vendor-a" />
      </Form.Item>
      <Titles />
    </FormDialog>
  );
}

function Change({ item }: { item: Organisation }) {
  const { t } = useTranslation("admin");
  const queries = useQueryClient();
  const change = async ({ zh, en, cost_centre }: Fields) => {
    const body = { titles: { zh, en }, ...(cost_centre && { cost_centre }) };
    const header = { "If-Match": `"${item.revision}"` };
    const params = { path: { organisation: item.name }, header };
    await ask(api.PUT("/api/v1/organisations/{organisation}", { params, body }));
    await queries.invalidateQueries({ queryKey: KEY });
    return null;
  };
  return (
    <FormDialog<Fields>
      act={t("change")}
      title={item.name}
      initial={{ ...item.titles, ...(item.cost_centre && { cost_centre: item.cost_centre }) }}
      onSubmit={change}
    >
      <Titles />
    </FormDialog>
  );
}
