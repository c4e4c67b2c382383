import { Link } from "@tanstack/react-router";
import { Checkbox } from "antd";
import { useTranslation } from "react-i18next";
import { Age } from "../../shared/Age";
import { Notice as Nothing } from "../../shared/Notice";
import { type Column, DataTable } from "../../shared/table";
import { useTitle } from "../../shared/useTitle";
import { useUrlState } from "../../shared/useUrlState";
import { loadNotices, type Notice } from "./useDocuments";

/** What was published lately, newest first, with what each changed for callers. */
export function Notices() {
  const { t } = useTranslation("documents");
  const [subscribed, setSubscribed] = useUrlState("subscribed");
  const isOwn = subscribed === "true";
  return (
    <DataTable
      name="change-notices"
      caption={t("tab.changes")}
      prefix="changes."
      columns={useColumns()}
      queryKey={["documents", "notices", isOwn]}
      load={(request) => loadNotices(isOwn, request)}
      keyOf={(item) => `${item.capability} ${item.version}`}
      filters={
        <Checkbox
          checked={isOwn}
          onChange={(event) => setSubscribed(event.target.checked ? "true" : "")}
        >
          {t("only-subscribed")}
        </Checkbox>
      }
      empty={<Nothing title={t("no-changes")}>{t("no-changes-text")}</Nothing>}
    />
  );
}

function useColumns(): Column<Notice>[] {
  const { t } = useTranslation("documents");
  const title = useTitle();
  const said = (item: Notice) => {
    const { changes } = item.difference;
    if (item.previous === null) return t("first");
    if (changes.length === 0) return t("same");
    const breaking = changes.filter((change) => change.impact === "breaking").length;
    return breaking > 0
      ? t("breaking-changes", { count: breaking })
      : t("compatible-changes", { count: changes.length });
  };
  return [
    {
      key: "capability",
      title: t("column.name"),
      render: (item) => (
        <Link to="/documents/$name" params={{ name: item.capability }}>
          {title(item.titles)}
        </Link>
      ),
      text: (item) => item.capability,
    },
    {
      key: "version",
      title: t("column.version"),
      render: (item) =>
        item.previous === null ? item.version : `${item.previous} → ${item.version}`,
      text: (item) => item.version,
    },
    {
      key: "change",
      title: t("column.change"),
      render: (item) =>
        item.previous === null ? (
          <span className="quiet">{said(item)}</span>
        ) : (
          <Link
            to="/documents/$name"
            params={{ name: item.capability }}
            search={{ tab: "compare", before: item.previous, after: item.version }}
          >
            {item.difference.breaking ? <strong>{said(item)}</strong> : said(item)}
          </Link>
        ),
      text: said,
    },
    {
      key: "published",
      title: t("column.published"),
      render: (item) => <Age at={item.published_at} />,
      text: (item) => item.published_at,
    },
  ];
}
