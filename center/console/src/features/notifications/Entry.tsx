import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Age } from "../../shared/Age";
import { type State, StateMark } from "../../shared/StateMark";
import { usePlace } from "../../shared/useNames";
import style from "./Notifications.module.css";
import type { Notification } from "./useNotifications";

const SHAPE: Record<string, State> = {
  critical: "quality-down",
  warning: "drift",
  notice: "watch",
};

interface Props {
  item: Notification;
  onFollow: () => void;
}

/** One thing that one heard of, as a link to it. */
export function Entry({ item, onFollow }: Props) {
  const { t, i18n } = useTranslation("notifications");
  const placeOf = usePlace();
  const [path = "/", query = ""] = item.link.split("?");
  const says = i18n.language === "en" ? item.says.en : item.says.zh;
  return (
    <li className={item.read_at === null ? style.unread : undefined}>
      <span className="quiet">
        <StateMark state={SHAPE[item.severity] ?? "muted"} text={t(`kind.${item.kind}`)} />{" "}
        {placeOf(item)} <Age at={item.at} />
      </span>
      <Link to={path} search={Object.fromEntries(new URLSearchParams(query))} onClick={onFollow}>
        {says}
      </Link>
    </li>
  );
}
