import { Button, Dropdown, Input, Space } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session";
import style from "./Alarms.module.css";
import { inHours, SILENCES } from "./names";
import { type Act, type Alarm, useAct } from "./useAlarms";

/** What can be done with one alarm; what is typed goes with the act that is chosen. */
export function AlarmActs({ alarm }: { alarm: Alarm }) {
  const { t } = useTranslation("alarms");
  const { user } = useSession();
  const [text, setText] = useState("");
  const [assignee, setAssignee] = useState("");
  const { mutateAsync, isPending, error } = useAct();
  const isOver = alarm.state === "resolved";

  const run = async (act: Act) => {
    await mutateAsync({ alarms: [alarm.id], act }).then(
      () => setText(""),
      () => undefined,
    );
  };
  return (
    <section className={style.acts} aria-label={t("acts")}>
      <Input.TextArea
        aria-label={t("remark")}
        placeholder={t("remark")}
        rows={2}
        maxLength={4000}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <Space wrap>
        <Button
          disabled={isPending || text.trim() === ""}
          onClick={() => void run({ act: "comment", text })}
        >
          {t("act.comment")}
        </Button>
        {!isOver && (
          <>
            {alarm.acknowledged_by === null && (
              <Button
                type="primary"
                disabled={isPending}
                onClick={() => void run({ act: "acknowledge" })}
              >
                {t("act.acknowledge")}
              </Button>
            )}
            <Silence alarm={alarm} text={text} isBusy={isPending} run={run} />
            <Button disabled={isPending} onClick={() => void run({ act: "resolve", text })}>
              {t("act.resolve")}
            </Button>
          </>
        )}
      </Space>
      {!isOver && (
        <Space.Compact>
          <Input
            aria-label={t("column.assignee")}
            placeholder={t("assignee")}
            value={assignee}
            onChange={(event) => setAssignee(event.target.value.trim())}
          />
          <Button
            disabled={isPending}
            onClick={() => void run({ act: "assign", assignee: assignee || user.name })}
          >
            {assignee === "" ? t("act.take") : t("act.assign")}
          </Button>
        </Space.Compact>
      )}
      {error !== null && <p role="alert">{error.message}</p>}
    </section>
  );
}

interface SilenceProps {
  alarm: Alarm;
  text: string;
  isBusy: boolean;
  run: (act: Act) => Promise<void>;
}

function Silence({ alarm, text, isBusy, run }: SilenceProps) {
  const { t } = useTranslation("alarms");
  if (alarm.state === "silenced") {
    return (
      <Button
        disabled={isBusy}
        onClick={() => void run({ act: "silence", until: null, reason: text })}
      >
        {t("act.unsilence")}
      </Button>
    );
  }
  return (
    <Dropdown
      trigger={["click"]}
      disabled={isBusy}
      menu={{
        items: SILENCES.map((hours) => ({ key: hours, label: t("hours", { count: hours }) })),
        onClick: ({ key }) =>
          void run({ act: "silence", until: inHours(Number(key)), reason: text }),
      }}
    >
      <Button>{t("act.silence")}</Button>
    </Dropdown>
  );
}
