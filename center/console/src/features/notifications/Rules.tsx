import { App, Button } from "antd";
import { useTranslation } from "react-i18next";
import { Notice } from "../../shared/Notice";
import { QueryStates } from "../../shared/QueryStates";
import { useNames } from "../../shared/useNames";
import style from "./Notifications.module.css";
import { RuleForm } from "./RuleForm";
import { type Rule, useChange, useRules } from "./useNotifications";

/** One's own rules, and a form for another. */
export function Rules() {
  const { t } = useTranslation("notifications");
  const query = useRules();
  return (
    <>
      <QueryStates
        query={query}
        isEmpty={(rules) => rules.length === 0}
        empty={<Notice title={t("no-rules")}>{t("no-rules-text")}</Notice>}
      >
        {(rules) => (
          <table className={style.rules}>
            <thead>
              <tr>
                {(["kinds", "provinces", "severity", "channel", "timing", "act"] as const).map(
                  (name) => (
                    <th key={name} scope="col">
                      {t(`column.${name}`)}
                    </th>
                  ),
                )}
              </tr>
            </thead>
            <tbody>
              {rules.map((rule) => (
                <Line key={rule.id} rule={rule} />
              ))}
            </tbody>
          </table>
        )}
      </QueryStates>
      <h2>{t("new-rule")}</h2>
      <RuleForm />
    </>
  );
}

function Line({ rule }: { rule: Rule }) {
  const { t } = useTranslation("notifications");
  const { message } = App.useApp();
  const { provincesOf } = useNames();
  const { dropRule, testRule } = useChange();
  const all = t("everything");
  const quiet =
    rule.quiet_from && rule.quiet_to
      ? ` · ${t("quiet", { from: rule.quiet_from.slice(0, 5), to: rule.quiet_to.slice(0, 5) })}`
      : "";
  const test = () =>
    testRule.mutate(rule.id, {
      onSuccess: () => void message.success(t("test-sent")),
      onError: (refusal) => void message.error(refusal.message),
    });
  return (
    <tr>
      <td>{rule.kinds?.map((kind) => t(`kind.${kind}`)).join(", ") || all}</td>
      <td>{provincesOf(rule.provinces ?? []) || all}</td>
      <td>{t(`severity.${(rule.severity ?? "warning") as "warning"}`)}</td>
      <td>
        {t(`channel.${rule.channel ?? "console"}`)} {rule.target}
      </td>
      <td>
        {rule.timing === "digest"
          ? t("digest-at", { at: rule.digest_at?.slice(0, 5) })
          : t("at-once")}
        {quiet}
      </td>
      <td>
        <Button size="small" onClick={test}>
          {t("act.test")}
        </Button>{" "}
        <Button size="small" onClick={() => dropRule.mutate(rule.id)}>
          {t("act.remove")}
        </Button>
      </td>
    </tr>
  );
}
