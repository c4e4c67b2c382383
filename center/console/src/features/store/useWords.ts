import { useTranslation } from "react-i18next";
import { useProvinces } from "../../shared/useProvince";
import { useTitle } from "../../shared/useTitle";
import type { FacetName } from "./wanted";

/** Says a facet's value in the reader's language; a word that nobody translated stays as it is. */
export function useWords(): (facet: FacetName, value: string) => string {
  const { i18n } = useTranslation("store");
  const { data = [] } = useProvinces();
  const title = useTitle();
  return (facet, value) => {
    if (facet === "available_in") {
      const found = data.find((item) => item.name === value);
      return found === undefined ? value : title(found.titles);
    }
    const word: unknown = i18n.getResource(i18n.language, "store", `${facet}.${value}`);
    return typeof word === "string" ? word : value;
  };
}
