import { useQuery } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";
import type { PageRequest } from "../../shared/table";

export type Hit = Schemas["DocumentView"];
export type Notice = Schemas["ChangeNoticeView"];
export type Change = Schemas["ContractChange"];

const MOST = 100;

/** Contracts whose titles, owner or fields have every word. */
export function loadDocuments(q: string, { limit, cursor }: PageRequest) {
  const query = { limit, ...(q === "" ? {} : { q }), ...(cursor === undefined ? {} : { cursor }) };
  return ask(api.GET("/api/v1/documents", { params: { query } }));
}

/** What was published lately, and what it changed for callers. */
export function loadNotices(subscribed: boolean, { limit, cursor }: PageRequest) {
  const query = { limit, subscribed, ...(cursor === undefined ? {} : { cursor }) };
  return ask(api.GET("/api/v1/change-notices", { params: { query } }));
}

/** Every version that the reader may see, newest upload first. */
export function useVersions(name: string) {
  return useQuery({
    queryKey: ["documents", "versions", name],
    queryFn: () =>
      ask(
        api.GET("/api/v1/capabilities/{name}/versions", {
          params: { path: { name }, query: { limit: MOST } },
        }),
      ),
    select: (page) => page.items,
  });
}

export function useChanges(name: string, before: string, after: string) {
  return useQuery({
    queryKey: ["documents", "changes", name, before, after],
    enabled: before !== "" && after !== "" && before !== after,
    queryFn: () =>
      ask(
        api.GET("/api/v1/capabilities/{name}/versions/{version}/contract-changes", {
          params: { path: { name, version: after }, query: { since: before } },
        }),
      ),
  });
}

export function useOpenApi(name: string, version: string, province: string) {
  return useQuery({
    queryKey: ["documents", "openapi", name, version, province],
    queryFn: () =>
      ask(
        api.GET("/api/v1/capabilities/{name}/versions/{version}/openapi.json", {
          params: { path: { name, version }, query: province === "" ? {} : { province } },
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });
}
