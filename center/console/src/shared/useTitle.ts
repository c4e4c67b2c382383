import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client";

/** Returns how to say a title in the reader's language. */
export function useTitle(): (titles: Schemas["Titles"]) => string {
  const { i18n } = useTranslation();
  return (titles) => (i18n.language === "en" ? titles.en : titles.zh);
}
