import { useEffect, useRef, useState } from "react";

const FIELDS = "input, textarea, [role=combobox]";

/**
 * Where the keyboard is in a dialog: in its first field when it opens, and back where it was before
 * when it goes.
 *
 * @returns A `ref` of the dialog's content, and what antd's `Modal` calls when it stands.
 */
export function useDialogFocus() {
  const content = useRef<HTMLDivElement>(null);
  const [before] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      // Once the dialog has let go of the keyboard, which it does while it is taken away.
      if (before instanceof HTMLElement) window.setTimeout(() => before.focus(), 0);
    },
    [before],
  );
  const afterOpenChange = (isOpen: boolean) => {
    if (isOpen) content.current?.querySelector<HTMLElement>(FIELDS)?.focus();
  };
  return { content, afterOpenChange };
}
