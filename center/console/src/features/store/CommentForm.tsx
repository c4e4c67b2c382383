import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import style from "./Store.module.css";

interface Props {
  label: string;
  act: string;
  text?: string;
  error: Error | null;
  onSend: (text: string) => Promise<unknown>;
  onCancel?: () => void;
}

/** What is typed stays until the center has it. */
export function CommentForm({ label, act, text: before = "", error, onSend, onCancel }: Props) {
  const { t } = useTranslation("store");
  const [text, setText] = useState(before);
  const [isBusy, setBusy] = useState(false);
  const send = async () => {
    setBusy(true);
    try {
      await onSend(text);
      setText("");
      onCancel?.();
    } catch {
      // `error` says why, beside the text that is still there.
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      className={style.form}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <Input.TextArea
        aria-label={label}
        placeholder={label}
        rows={3}
        maxLength={10_000}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {error !== null && <p role="alert">{error.message}</p>}
      <span>
        <Button htmlType="submit" loading={isBusy} disabled={text.trim() === ""}>
          {act}
        </Button>{" "}
        {onCancel !== undefined && <Button onClick={onCancel}>{t("cancel")}</Button>}
      </span>
    </form>
  );
}
