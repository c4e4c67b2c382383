import { App, Button, Dropdown } from "antd";
import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session";
import { inHours, SILENCES } from "./names";
import { type Act, type Alarm, useAct } from "./useAlarms";

interface Props {
  alarms: Alarm[];
  onDone: () => void;
}

/** Acts on all selected alarms at once. */
export function BulkActs({ alarms, onDone }: Props) {
  const { t } = useTranslation("alarms");
  const { user, may } = useSession();
  const { message } = App.useApp();
  const { mutateAsync, isPending } = useAct();
  if (!may("handle:alarms")) return null;

  const standing = alarms.filter((alarm) => alarm.state !== "resolved").map(({ id }) => id);
  const run = async (act: Act) => {
    try {
      await mutateAsync({ alarms: standing, act });
      onDone();
    } catch (refusal) {
      void message.error(refusal instanceof Error ? refusal.message : String(refusal));
    }
  };
  const nothing = isPending || standing.length === 0;
  return (
    <>
      <Button size="small" disabled={nothing} onClick={() => void run({ act: "acknowledge" })}>
        {t("act.acknowledge")}
      </Button>
      <Button
        size="small"
        disabled={nothing}
        onClick={() => void run({ act: "assign", assignee: user.name })}
      >
        {t("act.take")}
      </Button>
      <Dropdown
        trigger={["click"]}
        disabled={nothing}
        menu={{
          items: SILENCES.map((hours) => ({ key: hours, label: t("hours", { count: hours }) })),
          onClick: ({ key }) =>
            void run({ act: "silence", until: inHours(Number(key)), reason: "" }),
        }}
      >
        <Button size="small">{t("act.silence")}</Button>
      </Dropdown>
      <Button
        size="small"
        disabled={nothing}
        onClick={() => void run({ act: "resolve", text: "" })}
      >
        {t("act.resolve")}
      </Button>
    </>
  );
}
