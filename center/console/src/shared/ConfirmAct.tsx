import { Button, Input, Modal } from "antd";
import { type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { cureOf } from "../api/problem";
import { useDialogFocus } from "./useDialogFocus";

interface Props {
  /** The button's word, and the dialog's: a verb, such as "Revoke". */
  act: string;
  title: string;
  /** What will happen, for whom and when: "3 applications in Guizhou lose access within 2 s". */
  consequence: ReactNode;
  /** Where it destroys something: what has to be typed. */
  name?: string;
  isDanger?: boolean;
  isPrimary?: boolean;
  isDisabled?: boolean;
  /** Does it; a failure leaves the dialog open, with its reason. */
  onConfirm: () => Promise<unknown>;
}

/** A button whose act is confirmed by somebody who was told what it does. */
export function ConfirmAct(props: Props) {
  const { act, isDanger = false, isPrimary = false, isDisabled = false } = props;
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button
        danger={isDanger}
        type={isPrimary ? "primary" : "default"}
        disabled={isDisabled}
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
      >
        {act}
      </Button>
      {isOpen && <Dialog {...props} onClose={() => setOpen(false)} />}
    </>
  );
}

function Dialog({
  act,
  title,
  consequence,
  name,
  isDanger = false,
  onConfirm,
  onClose,
}: Props & { onClose: () => void }) {
  const { t } = useTranslation("shared");
  const field = useId();
  const { content, afterOpenChange } = useDialogFocus();
  const [typed, setTyped] = useState("");
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);

  const confirm = async () => {
    setBusy(true);
    setError(null);
    try {
      await onConfirm();
      onClose();
    } catch (refusal) {
      setError(refusal instanceof Error ? refusal : new Error(String(refusal)));
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      title={title}
      okText={act}
      cancelText={t("confirm.cancel")}
      okButtonProps={{ danger: isDanger, disabled: name !== undefined && typed !== name }}
      confirmLoading={isBusy}
      onOk={() => void confirm()}
      onCancel={onClose}
      afterOpenChange={afterOpenChange}
    >
      <div ref={content}>
        <div>{consequence}</div>
        {name !== undefined && (
          <p>
            <label htmlFor={field}>{t("confirm.type", { name })}</label>
            <Input id={field} value={typed} onChange={(event) => setTyped(event.target.value)} />
          </p>
        )}
        {error !== null && (
          <p role="alert">
            {error.message} {cureOf(error)}
          </p>
        )}
      </div>
    </Modal>
  );
}
