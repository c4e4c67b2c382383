import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { chooseLanguage, currentLanguage } from "./i18n";

/** Changes between Chinese and English; the address stays as it is. */
export function LanguageSwitch() {
  const { t } = useTranslation();
  const other = currentLanguage() === "zh" ? "en" : "zh";
  return (
    <Button
      type="text"
      lang={other === "zh" ? "zh-CN" : "en"}
      onClick={() => chooseLanguage(other)}
    >
      {t("frame.other-language")}
    </Button>
  );
}
