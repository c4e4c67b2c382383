import { Link, useNavigate } from "@tanstack/react-router";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Notice } from "../../shared/Notice";
import { SearchBox } from "../../shared/SearchBox";
import { type Column, DataTable } from "../../shared/table";
import { useTitle } from "../../shared/useTitle";
import { useUrlChange, useUrlState } from "../../shared/useUrlState";
import { useWords } from "../store";
import style from "./Documents.module.css";
import { type Hit, loadDocuments } from "./useDocuments";

/** Search over names, owners, fields, units and descriptions of all contracts. */
export function Contracts() {
  const { t } = useTranslation("documents");
  const [q] = useUrlState("q");
  const change = useUrlChange();
  const navigate = useNavigate();
  const ask = (text: string) => change({ q: text === "" ? undefined : text, cursor: undefined });
  return (
    <DataTable
      name="documents"
      caption={t("tab.contracts")}
      columns={useColumns()}
      queryKey={["documents", "search", q]}
      load={(request) => loadDocuments(q, request)}
      keyOf={(hit) => hit.name}
      onOpen={(hit) => void navigate({ to: "/documents/$name", params: { name: hit.name } })}
      filters={<SearchBox className={style.search} text={q} label={t("search")} onChange={ask} />}
      empty={
        <Notice title={t("none")} acts={<Button onClick={() => ask("")}>{t("clear")}</Button>}>
          {t("none-text")}
        </Notice>
      }
    />
  );
}

function useColumns(): Column<Hit>[] {
  const { t } = useTranslation("documents");
  const title = useTitle();
  const word = useWords();
  return [
    {
      key: "name",
      title: t("column.name"),
      render: (hit) => (
        <>
          <Link to="/documents/$name" params={{ name: hit.name }}>
            {title(hit.titles)}
          </Link>
          <div className="quiet">
            <code>{hit.name}</code>
          </div>
        </>
      ),
      text: (hit) => hit.name,
    },
    {
      key: "matches",
      title: t("column.matches"),
      render: (hit) => <Matches hit={hit} />,
      text: (hit) => hit.matches.map((field) => field.name).join(" "),
    },
    {
      key: "owner",
      title: t("column.owner"),
      render: (hit) => hit.owner,
      text: (hit) => hit.owner,
    },
    {
      key: "domain",
      title: t("column.domain"),
      render: (hit) => word("domain", hit.domain),
      text: (hit) => hit.domain,
    },
    {
      key: "version",
      title: t("column.version"),
      render: (hit) => hit.version,
      text: (hit) => hit.version,
    },
    {
      key: "inputs",
      title: t("column.inputs"),
      render: (hit) => hit.inputs,
      text: (hit) => hit.inputs,
      isNumber: true,
    },
    {
      key: "outputs",
      title: t("column.outputs"),
      render: (hit) => hit.outputs,
      text: (hit) => hit.outputs,
      isNumber: true,
    },
  ];
}

const SHOWN = 3;

function Matches({ hit }: { hit: Hit }) {
  const { t } = useTranslation("documents");
  const more = hit.matches.length - SHOWN;
  return (
    <>
      {hit.matches.slice(0, SHOWN).map((field) => (
        <div key={`${field.side} ${field.name}`}>
          <span className="quiet">{t(`side.${field.side}`)}</span> <code>{field.name}</code>{" "}
          {field.unit !== "" && `[${field.unit}]`} <span>{field.description}</span>
        </div>
      ))}
      {more > 0 && <span className="quiet">{t("more", { count: more })}</span>}
    </>
  );
}
