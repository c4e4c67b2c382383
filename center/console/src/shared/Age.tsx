import { useTranslation } from "react-i18next";
import age from "./Age.module.css";
import { useNow, useTimes } from "./time";

interface Props {
  at: string | Date;
  /** Older than this many seconds, it greys out and says that it is old. */
  staleAfter?: number;
  /** "Data as of 3 minutes ago" instead of "3 minutes ago". */
  isSentence?: boolean;
}

/** How long ago something was; the exact time, local and UTC, on hover and focus. */
export function Age({ at, staleAfter, isSentence = false }: Props) {
  const { t } = useTranslation("shared");
  const now = useNow();
  const { ago, local, utc } = useTimes();
  const moment = new Date(at);
  // A window that is still open ends later than now; what it holds is as new as can be.
  const told = isSentence ? new Date(Math.min(moment.getTime(), now)) : moment;
  const text = ago(told, now) ?? t("age.now");
  const isOld = staleAfter !== undefined && now - moment.getTime() > staleAfter * 1000;
  return (
    <time
      dateTime={moment.toISOString()}
      data-hint={`${local(moment)} (${utc(moment)})`}
      className={isOld ? age.old : age.age}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the exact time is there for the keyboard too
      tabIndex={0}
    >
      {isSentence ? t("age.as-of", { age: text }) : text}
      {isOld && ` · ${t("age.old")}`}
    </time>
  );
}
