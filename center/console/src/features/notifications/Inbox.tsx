import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { api, ask } from "../../api/client";
import { Notice } from "../../shared/Notice";
import { type Column, DataTable, type PageRequest } from "../../shared/table";
import { Entry } from "./Entry";
import style from "./Notifications.module.css";
import { type Notification, useRead } from "./useNotifications";

/** Everything that one heard of, newest first. */
export function Inbox() {
  const { t, i18n } = useTranslation("notifications");
  const { mutate } = useRead();
  const columns: Column<Notification>[] = [
    {
      key: "says",
      title: t("column.says"),
      render: (item) => (
        <ul className={style.list}>
          <Entry item={item} onFollow={() => mutate(item.id)} />
        </ul>
      ),
      text: (item) => (i18n.language === "en" ? item.says.en : item.says.zh),
    },
    {
      key: "read",
      title: t("column.act"),
      render: (item) =>
        item.read_at === null && (
          <Button size="small" onClick={() => mutate(item.id)}>
            {t("act.read")}
          </Button>
        ),
      text: (item) => item.read_at,
    },
  ];
  const load = ({ limit, cursor }: PageRequest) =>
    ask(
      api.GET("/api/v1/notifications", {
        params: { query: { limit, ...(cursor && { cursor }) } },
      }),
    );
  return (
    <DataTable<Notification>
      name="notifications"
      caption={t("tab.inbox")}
      columns={columns}
      queryKey={["notifications", "list"]}
      load={load}
      keyOf={(item) => String(item.id)}
      filters={<Button onClick={() => mutate(null)}>{t("act.read-all")}</Button>}
      empty={<Notice title={t("nothing")}>{t("nothing-text")}</Notice>}
    />
  );
}
