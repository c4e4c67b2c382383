import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, ask, type Schemas } from "../../api/client";
import { Age } from "../../shared/Age";
import { ConfirmAct } from "../../shared/ConfirmAct";
import { type Column, DataTable } from "../../shared/table";

type Token = Schemas["ApiTokenView"];
const KEY = ["issued-api-tokens"];

/** Everybody's API tokens: what they may, until when, and when they were used last. */
export function Tokens() {
  const { t } = useTranslation("admin");
  const queries = useQueryClient();
  const end = async (id: string) => {
    const params = { path: { token_id: id } };
    await ask(api.DELETE("/api/v1/issued-api-tokens/{token_id}", { params }));
    await queries.invalidateQueries({ queryKey: KEY });
  };
  const columns: Column<Token>[] = [
    { key: "user", title: t("owner"), render: (k) => k.user, text: (k) => k.user },
    { key: "label", title: t("label"), render: (k) => k.label, text: (k) => k.label },
    {
      key: "scopes",
      title: t("rights"),
      render: (k) => (k.scopes === null ? t("all-rights") : k.scopes.join(", ")),
      text: (k) => k.scopes?.join(" "),
    },
    {
      key: "provinces",
      title: t("provinces"),
      render: (k) => k.provinces?.join(", ") ?? t("all"),
      text: (k) => k.provinces?.join(" "),
    },
    {
      key: "used",
      title: t("last-used"),
      render: (k) => (k.last_used_at === null ? t("never") : <Age at={k.last_used_at} />),
      text: (k) => k.last_used_at,
    },
    {
      key: "expires",
      title: t("expires"),
      render: (k) => (k.expires_at === null ? t("never") : <Age at={k.expires_at} />),
      text: (k) => k.expires_at,
    },
    {
      key: "acts",
      title: "",
      render: (k) => (
        <ConfirmAct
          act={t("revoke")}
          title={t("revoke-token", { label: k.label })}
          consequence={t("revoke-token-what", { name: k.user })}
          isDanger
          onConfirm={() => end(k.id)}
        />
      ),
      text: () => "",
    },
  ];
  return (
    <DataTable
      name="issued-api-tokens"
      caption={t("tab.tokens")}
      columns={columns}
      queryKey={KEY}
      load={(page) => ask(api.GET("/api/v1/issued-api-tokens", { params: { query: page } }))}
      keyOf={(k) => k.id}
    />
  );
}
