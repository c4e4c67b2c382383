import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, ask, type Schemas } from "../../api/client";
import { useSession } from "../../app/session";
import { Age } from "../../shared/Age";
import { ConfirmAct } from "../../shared/ConfirmAct";
import { StateMark } from "../../shared/StateMark";
import { type Column, DataTable } from "../../shared/table";
import { useNames } from "../../shared/useNames";

type Edge = Schemas["EdgeView"];
const KEY = ["edges"];

/** The edge of each province, as it enrolled last. */
export function Edges() {
  const { t } = useTranslation("admin");
  const { may } = useSession();
  const queries = useQueryClient();
  const { provinceOf } = useNames();
  const revoke = async (edge: string) => {
    await ask(api.POST("/api/v1/edges/{edge}:revoke", { params: { path: { edge } } }));
    await queries.invalidateQueries({ queryKey: KEY });
  };
  const columns: Column<Edge>[] = [
    { key: "id", title: t("edge"), render: (e) => e.id, text: (e) => e.id },
    {
      key: "province",
      title: t("province"),
      render: (e) => provinceOf(e.province),
      text: (e) => e.province,
    },
    {
      key: "state",
      title: t("state"),
      render: (e) =>
        e.revoked_at === null ? (
          <StateMark state="healthy" text={t("enrolled")} />
        ) : (
          <StateMark state="muted" text={t("revoked")} />
        ),
      text: (e) => e.revoked_at ?? "enrolled",
    },
    {
      key: "epoch",
      title: t("epoch"),
      render: (e) => e.epoch,
      text: (e) => e.epoch,
      isNumber: true,
    },
    { key: "url", title: t("gateway"), render: (e) => e.gateway_url, text: (e) => e.gateway_url },
    {
      key: "enrolled",
      title: t("since"),
      render: (e) => <Age at={e.enrolled_at} />,
      text: (e) => e.enrolled_at,
    },
  ];
  if (may("manage:provinces")) {
    columns.push({
      key: "acts",
      title: "",
      render: (e) =>
        e.revoked_at === null && (
          <ConfirmAct
            act={t("revoke")}
            title={t("revoke-edge", { edge: e.id })}
            consequence={t("revoke-edge-what", { province: provinceOf(e.province) })}
            name={e.id}
            isDanger
            onConfirm={() => revoke(e.id)}
          />
        ),
      text: () => "",
    });
  }
  return (
    <DataTable
      name="edges"
      caption={t("tab.edges")}
      columns={columns}
      queryKey={KEY}
      load={(page) => ask(api.GET("/api/v1/edges", { params: { query: page } }))}
      keyOf={(e) => e.id}
    />
  );
}
