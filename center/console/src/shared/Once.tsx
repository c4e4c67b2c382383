import { Typography } from "antd";
import { useTranslation } from "react-i18next";
import { CopyButton } from "./CopyButton";

/** A secret that is shown here and never again. */
export function Once({ secret, words }: { secret: string; words?: string }) {
  const { t } = useTranslation("shared");
  return (
    <>
      <p>{words ?? t("once")}</p>
      <p>
        <Typography.Text code>{secret}</Typography.Text> <CopyButton text={secret} />
      </p>
    </>
  );
}
