import { useQuery } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../api/client";
import { useUrlState } from "./useUrlState";

/** The province that the header's switch scopes every page to; empty for all. */
export function useProvince(): [string, (name: string) => void] {
  return useUrlState("province");
}

const MOST = 500;

/** Every province that serves callers; they change rarely. */
export function useProvinces() {
  return useQuery({
    queryKey: ["provinces"],
    queryFn: () =>
      ask(api.GET("/api/v1/provinces", { params: { query: { kind: "serving", limit: MOST } } })),
    staleTime: 300_000,
    select: (page): Schemas["ProvinceView"][] => page.items,
  });
}
