import { BellOutlined } from "@ant-design/icons";
import { Link } from "@tanstack/react-router";
import { Button, Popover } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Entry } from "./Entry";
import style from "./Notifications.module.css";
import { useRead, useUnread } from "./useNotifications";

const MOST = 99;

/** What one has not read, in the header. */
export default function Bell() {
  const { t } = useTranslation("notifications");
  const [isOpen, setOpen] = useState(false);
  const { data } = useUnread();
  const { mutate } = useRead();
  const count = data?.total ?? 0;
  const shown = count > MOST ? `${MOST}+` : String(count);
  const close = () => setOpen(false);
  return (
    <Popover
      open={isOpen}
      onOpenChange={setOpen}
      trigger="click"
      placement="bottomRight"
      content={
        <div className={style.bell}>
          {count === 0 && <p className="quiet">{t("nothing-unread")}</p>}
          <ul className={style.list}>
            {data?.items.map((item) => (
              <Entry
                key={item.id}
                item={item}
                onFollow={() => {
                  mutate(item.id);
                  close();
                }}
              />
            ))}
          </ul>
          <p className={style.ways}>
            <Link to="/notifications" onClick={close}>
              {t("all")}
            </Link>
            {count > 0 && (
              <Button size="small" onClick={() => mutate(null)}>
                {t("act.read-all")}
              </Button>
            )}
          </p>
        </div>
      }
    >
      <Button type="text" aria-label={t("unread", { count, shown })} aria-expanded={isOpen}>
        <BellOutlined />
        {count > 0 && <span className={style.count}>{shown}</span>}
      </Button>
    </Popover>
  );
}
