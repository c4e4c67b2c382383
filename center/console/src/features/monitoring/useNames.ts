import { useMemo } from "react";
import { useTitle } from "../../shared/useTitle";
import type { Board } from "./useMonitoring";

/** Returns how to say the names of provinces and capabilities; those without a title stay as they are. */
export function useNames(provinces: Board["provinces"], capabilities: Board["capabilities"]) {
  const title = useTitle();
  return useMemo(() => {
    const places = new Map(provinces.map((item) => [item.name, title(item.titles)]));
    const heads = new Map(capabilities.map((item) => [item.name, title(item.titles)]));
    return {
      provinceOf: (name: string) => places.get(name) ?? name,
      capabilityOf: (name: string) => heads.get(name) ?? name,
    };
  }, [provinces, capabilities, title]);
}
