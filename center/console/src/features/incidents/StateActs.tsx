import { App, Button } from "antd";
import { useTranslation } from "react-i18next";
import { type Act, type Incident, useAct } from "./useIncident";

/** Moves a file on: safe, closed, open again; a refusal says what is missing. */
export function StateActs({ item }: { item: Incident }) {
  const { t } = useTranslation("incidents");
  const { message } = App.useApp();
  const { mutate, isPending } = useAct(item.id);
  const run = (act: Act) =>
    mutate(act, { onError: (refusal) => void message.error(refusal.message) });
  if (item.state === "closed") {
    return <Button onClick={() => run({ act: "reopen" })}>{t("act.reopen")}</Button>;
  }
  return (
    <>
      {item.state === "open" && (
        <Button disabled={isPending} onClick={() => run({ act: "mitigate" })}>
          {t("act.mitigate")}
        </Button>
      )}{" "}
      <Button type="primary" disabled={isPending} onClick={() => run({ act: "close" })}>
        {t("act.close")}
      </Button>
    </>
  );
}
