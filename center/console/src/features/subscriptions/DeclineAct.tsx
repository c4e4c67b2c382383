import { Input, Select } from "antd";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import { ConfirmAct } from "../../shared/ConfirmAct";

const DENIALS = [
  "purpose-unclear",
  "quota-too-high",
  "no-capacity",
  "data-not-permitted",
  "other",
] as const;

interface Props {
  onDecline: (body: Schemas["Refusal"]) => Promise<unknown>;
}

/** Declines with a reason that programs can tell apart, and words for people. */
export function DeclineAct({ onDecline }: Props) {
  const { t } = useTranslation("subscriptions");
  const field = useId();
  const [denial, setDenial] = useState<(typeof DENIALS)[number]>("purpose-unclear");
  const [reason, setReason] = useState("");
  const content = (
    <>
      <p>{t("decline-text")}</p>
      <p>
        <Select
          aria-label={t("field.denial")}
          value={denial}
          onChange={setDenial}
          style={{ width: "100%" }}
          options={DENIALS.map((value) => ({ value, label: t(`denial.${value}`) }))}
        />
      </p>
      <label htmlFor={field}>{t("field.reason")}</label>
      <Input.TextArea
        id={field}
        rows={3}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
    </>
  );
  return (
    <ConfirmAct
      act={t("act.decline")}
      title={t("decline")}
      consequence={content}
      onConfirm={() => onDecline({ reason, denial })}
    />
  );
}
