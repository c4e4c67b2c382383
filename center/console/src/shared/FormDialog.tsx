import { Alert, Button, Form, Modal } from "antd";
import { type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { cureOf } from "../api/problem";
import { useDialogFocus } from "./useDialogFocus";

interface Props<T> {
  /** The button's word, and the dialog's: a verb, such as "Invite". */
  act: string;
  title: string;
  isPrimary?: boolean;
  isDanger?: boolean;
  /** What the fields begin with. */
  initial?: Partial<T>;
  /** Does it; what it returns is shown in place of the fields, such as a secret that is shown once. */
  onSubmit: (values: T) => Promise<ReactNode>;
  /** The fields, as antd's `Form.Item`. */
  children: ReactNode;
}

/** A button that opens a short form; a refusal leaves it open, with everything that was typed. */
export function FormDialog<T extends object>(props: Props<T>) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button
        type={props.isPrimary === true ? "primary" : "default"}
        danger={props.isDanger === true}
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
      >
        {props.act}
      </Button>
      {isOpen && <Dialog {...props} onClose={() => setOpen(false)} />}
    </>
  );
}

function Dialog<T extends object>(props: Props<T> & { onClose: () => void }) {
  const { act, title, initial = {}, isDanger = false, onSubmit, onClose, children } = props;
  const { t } = useTranslation("shared");
  const form = useId();
  const { content, afterOpenChange } = useDialogFocus();
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [result, setResult] = useState<ReactNode>(null);

  const submit = async (values: T) => {
    setBusy(true);
    setError(null);
    try {
      const made = await onSubmit(values);
      if (made === undefined || made === null) onClose();
      else setResult(made);
    } catch (refusal) {
      setError(refusal instanceof Error ? refusal : new Error(String(refusal)));
    } finally {
      setBusy(false);
    }
  };
  if (result !== null) {
    const close = <Button onClick={onClose}>{t("confirm.close")}</Button>;
    return (
      <Modal open title={title} footer={close} onCancel={onClose}>
        {result}
      </Modal>
    );
  }
  return (
    <Modal
      open
      title={title}
      okText={act}
      cancelText={t("confirm.cancel")}
      okButtonProps={{ htmlType: "submit", form, danger: isDanger }}
      confirmLoading={isBusy}
      onCancel={onClose}
      afterOpenChange={afterOpenChange}
    >
      <div ref={content}>
        <Form<T>
          id={form}
          name={form}
          layout="vertical"
          requiredMark={false}
          initialValues={initial}
          onFinish={(values) => void submit(values)}
        >
          {children}
        </Form>
      </div>
      {error !== null && (
        <Alert type="error" showIcon title={error.message} description={cureOf(error)} />
      )}
    </Modal>
  );
}
