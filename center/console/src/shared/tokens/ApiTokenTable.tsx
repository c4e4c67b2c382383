import { type QueryKey, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Page, Schemas } from "../../api/client";
import { Age } from "../Age";
import { ConfirmAct } from "../ConfirmAct";
import { type Column, DataTable, type PageRequest } from "../table";

type Token = Schemas["ApiTokenView"];

interface Props {
  /** Names the table, and its CSV file. */
  name: string;
  caption: string;
  queryKey: QueryKey;
  load: (page: PageRequest) => Promise<Page<Token>>;
  /** Ends a token for good. */
  revoke: (id: string) => Promise<unknown>;
  /** Whether the tokens are several people's. */
  hasOwners?: boolean;
  filters?: ReactNode;
}

/** API tokens: what they may, until when, and when they were used last. */
export function ApiTokenTable({ name, caption, queryKey, load, revoke, ...rest }: Props) {
  const { t } = useTranslation("shared");
  const queries = useQueryClient();
  const end = async (id: string) => {
    await revoke(id);
    await queries.invalidateQueries({ queryKey });
  };
  const owner: Column<Token> = {
    key: "user",
    title: t("token.owner"),
    render: (k) => k.user,
    text: (k) => k.user,
  };
  const columns: Column<Token>[] = [
    ...(rest.hasOwners ? [owner] : []),
    { key: "label", title: t("token.label"), render: (k) => k.label, text: (k) => k.label },
    {
      key: "scopes",
      title: t("token.rights"),
      render: (k) => k.scopes?.join(", ") ?? t("token.all-rights"),
      text: (k) => k.scopes?.join(" "),
    },
    {
      key: "provinces",
      title: t("token.provinces"),
      render: (k) => k.provinces?.join(", ") ?? t("token.all-provinces"),
      text: (k) => k.provinces?.join(" "),
    },
    {
      key: "used",
      title: t("token.last-used"),
      render: (k) => (k.last_used_at === null ? t("token.never") : <Age at={k.last_used_at} />),
      text: (k) => k.last_used_at,
    },
    {
      key: "expires",
      title: t("token.expires"),
      render: (k) => (k.expires_at === null ? t("token.never") : <Age at={k.expires_at} />),
      text: (k) => k.expires_at,
    },
    {
      key: "acts",
      title: "",
      render: (k) => (
        <ConfirmAct
          act={t("token.revoke")}
          title={t("token.revoke-title", { label: k.label })}
          consequence={t("token.revoke-what")}
          isDanger
          onConfirm={() => end(k.id)}
        />
      ),
      text: () => "",
    },
  ];
  return (
    <DataTable
      name={name}
      caption={caption}
      columns={columns}
      queryKey={queryKey}
      load={load}
      keyOf={(k) => k.id}
      filters={rest.filters}
    />
  );
}
