import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";
import { ApiProblem } from "../../api/problem";
import { useSession } from "../../app/session";

export type Version = Schemas["CapabilityVersionView"];

export interface Of {
  name: string;
  version: string;
}

const MOST = 500;
const ONE = "/api/v1/capabilities/{name}/versions/{version}";

/** The capabilities that one's organisation owns. */
export function useMine() {
  const { user } = useSession();
  return useQuery({
    queryKey: ["mine", user.organisation],
    queryFn: () => ask(api.GET("/api/v1/capabilities", { params: { query: { limit: MOST } } })),
    select: (page) => page.items.filter((item) => item.owner === user.organisation),
  });
}

/** Of each capability that drifts, the province where it has done so the longest. */
export function useDrifting() {
  const query = { verdict: "drift", limit: MOST } as const;
  return useQuery({
    queryKey: ["mine", "drifting"],
    queryFn: () => ask(api.GET("/api/v1/drift", { params: { query } })),
    select: ({ items }) => {
      const newestFirst = [...items].sort((one, other) => other.since.localeCompare(one.since));
      return new Map(newestFirst.map((item) => [item.capability, item.province]));
    },
  });
}

export function useVersions(name: string) {
  return useQuery({
    queryKey: ["mine", "versions", name],
    queryFn: () =>
      ask(
        api.GET("/api/v1/capabilities/{name}/versions", {
          params: { path: { name }, query: { limit: MOST } },
        }),
      ),
    select: (page) => page.items,
  });
}

export function useVersion(path: Of) {
  return useQuery({
    queryKey: ["mine", "version", path],
    queryFn: () => ask(api.GET(ONE, { params: { path } })),
  });
}

/** The announced end of a version; null where none is announced. */
export function useRetirement(path: Of) {
  return useQuery({
    queryKey: ["mine", "retirement", path],
    queryFn: async () => {
      try {
        return await ask(api.GET(`${ONE}/retirement`, { params: { path } }));
      } catch (error) {
        if (error instanceof ApiProblem && error.code === "not-retiring") return null;
        throw error;
      }
    },
  });
}

/** Whose calls a version answers now. */
export function useAffected(path: Of) {
  return useQuery({
    queryKey: ["mine", "affected", path],
    queryFn: () => ask(api.GET(`${ONE}/affected`, { params: { path } })),
  });
}

/** What an author does with a version. */
export function useVersionActs(path: Of) {
  const queries = useQueryClient();
  const { mutateAsync } = useMutation({
    mutationFn: (act: () => Promise<unknown>) => act(),
    onSettled: () => queries.invalidateQueries({ queryKey: ["mine"] }),
  });
  const params = { path };
  return {
    requestReview: () => mutateAsync(() => ask(api.POST(`${ONE}:request-review`, { params }))),
    retire: (body: Schemas["RetirementBody"]) =>
      mutateAsync(() => ask(api.POST(`${ONE}:announce-retirement`, { params, body }))),
    keep: () => mutateAsync(() => ask(api.POST(`${ONE}:cancel-retirement`, { params }))),
  };
}
