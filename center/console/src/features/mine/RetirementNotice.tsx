import { Alert } from "antd";
import { useTranslation } from "react-i18next";
import { ConfirmAct } from "../../shared/ConfirmAct";
import { useTimes } from "../../shared/time";
import { type Of, useRetirement, useVersionActs } from "./useMine";

/** The announced end of a version, which can be taken back before its date. */
export function RetirementNotice({ of }: { of: Of }) {
  const { t } = useTranslation("mine");
  const found = useRetirement(of).data;
  const { brief } = useTimes();
  const { keep } = useVersionActs(of);
  if (found == null) return null;
  const date = brief(new Date(found.retires_at));
  const follows = found.successor
    ? t("follows", { successor: `${found.successor.capability} ${found.successor.version}` })
    : "";
  return (
    <Alert
      type="warning"
      showIcon
      title={t(found.done_at == null ? "retires" : "retired", { date })}
      description={`${found.reason} ${follows} ${t("concerns", { count: found.affected.total })}`}
      action={
        found.done_at == null && (
          <ConfirmAct
            act={t("keep")}
            title={t("keep-title")}
            consequence={t("keep-text", { count: found.affected.total })}
            onConfirm={keep}
          />
        )
      }
    />
  );
}
