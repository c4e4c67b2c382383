import { CheckOutlined, CopyOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";

const SHOWN = 2000;

/** Copies an id, a digest or a snippet, and says so. */
export function CopyButton({ text, label }: { text: string; label?: string }) {
  const { t } = useTranslation("shared");
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    window.setTimeout(() => setCopied(false), SHOWN);
  };
  return (
    <Button
      size="small"
      type="text"
      icon={isCopied ? <CheckOutlined /> : <CopyOutlined />}
      onClick={() => void copy()}
    >
      <span aria-live="polite">{isCopied ? t("copied") : (label ?? t("copy"))}</span>
    </Button>
  );
}
