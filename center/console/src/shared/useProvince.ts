import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, ask } from "../api/client";
import { useUrlState } from "./useUrlState";

/** The province that the header's switch scopes every page to; empty for all. */
export function useProvince(): [string, (name: string) => void] {
  return useUrlState("province");
}

const MOST = 500;

const every = queryOptions({
  queryKey: ["provinces"],
  queryFn: () => ask(api.GET("/api/v1/provinces", { params: { query: { limit: MOST } } })),
  staleTime: 300_000,
});

/** Every province, also the one where versions are proven; they change rarely. */
export function useEveryProvince() {
  return useQuery({ ...every, select: (page) => page.items });
}

/** The provinces that serve callers. */
export function useProvinces() {
  return useQuery({
    ...every,
    select: (page) => page.items.filter(({ kind }) => kind === "serving"),
  });
}
