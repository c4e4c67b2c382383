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

/** One capability with how it fares everywhere. */
export interface Row {
  item: Schemas["CapabilityView"];
  /** Provinces that are to run it. */
  provinces: string[];
  drift: Schemas["DriftView"] | undefined;
  quality: Schemas["QualityView"] | undefined;
  /** When feedback was counted last. */
  feedback: string | undefined;
}

function newest(items: Schemas["QualityView"][]): Schemas["QualityView"] | undefined {
  return [...items].sort((left, right) => right.counted_at.localeCompare(left.counted_at))[0];
}

/** The capabilities that one's organisation owns, four lists put together. */
export function useMine() {
  const { user } = useSession();
  return useQuery({
    queryKey: ["mine", user.organisation],
    queryFn: async (): Promise<Row[]> => {
      const query = { limit: MOST };
      const [items, deployments, drift, quality] = await Promise.all([
        ask(api.GET("/api/v1/capabilities", { params: { query } })),
        ask(api.GET("/api/v1/deployments", { params: { query } })),
        ask(api.GET("/api/v1/drift", { params: { query } })),
        ask(api.GET("/api/v1/quality", { params: { query } })),
      ]);
      return items.items
        .filter((item) => item.owner === user.organisation)
        .map((item) => {
          const of = <T extends { capability: string }>(all: T[]) =>
            all.filter((one) => one.capability === item.name);
          const judged = newest(of(quality.items));
          const moved = of(drift.items);
          return {
            item,
            provinces: of(deployments.items).map((one) => one.province),
            drift: moved.find((one) => one.verdict === "drift") ?? moved[0],
            quality: judged,
            feedback: judged?.counted_at,
          };
        });
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
