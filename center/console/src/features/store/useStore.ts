import {
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";
import type { paths } from "../../api/schema";
import { useProvince } from "../../shared/useProvince";
import type { Wanted } from "./wanted";

const PAGE = 24;

export type Card = Schemas["StoreCard"];
export type Detail = Schemas["StoreDetail"];

/** The store as it is looked for; what was found before stays until the answer comes. */
export function useStore({ q, sort, favourites, province, facets }: Wanted) {
  return useInfiniteQuery({
    queryKey: ["store", "list", { q, sort, favourites, province, facets }],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      ask(
        api.GET("/api/v1/store", {
          params: {
            query: {
              ...facets,
              ...(q === "" ? {} : { q }),
              ...(province === "" ? {} : { province }),
              ...(pageParam === undefined ? {} : { cursor: pageParam }),
              ...(favourites ? { favourites } : {}),
              sort,
              limit: PAGE,
            } as Query,
          },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });
}

type Query = NonNullable<paths["/api/v1/store"]["get"]["parameters"]["query"]>;

export function useCapability(name: string) {
  const [province] = useProvince();
  return useQuery({
    queryKey: ["store", "one", name, province],
    queryFn: () =>
      ask(
        api.GET("/api/v1/store/{name}", {
          params: { path: { name }, query: province === "" ? {} : { province } },
        }),
      ),
    placeholderData: keepPreviousData,
  });
}

export function usePerformance(name: string) {
  const [province] = useProvince();
  return useQuery({
    queryKey: ["store", "performance", name, province],
    queryFn: () =>
      ask(
        api.GET("/api/v1/store/{name}/performance", {
          params: { path: { name }, query: province === "" ? {} : { province } },
        }),
      ),
  });
}

/** Keep a capability at hand, or let it go; shown at once, since the center cannot refuse. */
export function useFavourite(name: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (on: boolean) => {
      const at = { params: { path: { name } } };
      return on
        ? ask(api.PUT("/api/v1/capabilities/{name}/favourite", at))
        : ask(api.DELETE("/api/v1/capabilities/{name}/favourite", at));
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["store"] }),
  });
}
