import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Schemas } from "../api/client";
import { useEveryProvince } from "./useProvince";
import { useTitle } from "./useTitle";

const MOST = 500;

/** Every capability that the reader may see; they change rarely. */
export function useCapabilities() {
  return useQuery({
    queryKey: ["capabilities", "all"],
    queryFn: () => ask(api.GET("/api/v1/capabilities", { params: { query: { limit: MOST } } })),
    staleTime: 300_000,
    select: (page) => page.items,
  });
}

interface Names {
  provinceOf: (name: string) => string;
  provincesOf: (names: readonly string[]) => string;
  capabilityOf: (name: string) => string;
}

interface Named {
  name: string;
  titles: Schemas["Titles"];
}

/** Returns how to say short names in the reader's language; one without a title stays as it is. */
export function useNames(): Names {
  const { t } = useTranslation("shared");
  const provinceOf = useTitlesOf(useEveryProvince().data);
  const capabilityOf = useTitlesOf(useCapabilities().data);
  return {
    provinceOf,
    provincesOf: (names) => names.map(provinceOf).join(t("list-separator")),
    capabilityOf,
  };
}

function useTitlesOf(items: readonly Named[] | undefined): (name: string) => string {
  const title = useTitle();
  const titles = useMemo(
    () => new Map(items?.map(({ name, titles }) => [name, titles] as const)),
    [items],
  );
  return (name) => {
    const found = titles.get(name);
    return found === undefined ? name : title(found);
  };
}

interface Place {
  province?: string | null | undefined;
  capability?: string | null | undefined;
}

/** Returns how to say where something is: a province, a capability, both, or nothing. */
export function usePlace(): (place: Place) => string {
  const { provinceOf, capabilityOf } = useNames();
  return ({ province, capability }) =>
    [province && provinceOf(province), capability && capabilityOf(capability)]
      .filter(Boolean)
      .join(" · ");
}
