import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";
import { useLive } from "../../shared/useLive";
import { useProvince } from "../../shared/useProvince";

export type Matrix = Schemas["MatrixView"];
export type Cell = Schemas["MatrixCell"];
export type Deployment = Schemas["DeploymentView"];
export type Rollout = Schemas["RolloutDetail"];
export type Setting = Schemas["SettingView"];

const ALL = ["deployments"];
const TOPIC = "deployments";

/** Where a deployment is. */
export interface Place {
  province: string;
  capability: string;
}

/** The whole matrix, asked for again when anything in it changed. */
export function useMatrix(words: string, onlyWrong: boolean) {
  const [province] = useProvince();
  useLive(TOPIC, [ALL]);
  const query = {
    only_wrong: onlyWrong,
    ...(words === "" ? {} : { q: words }),
    ...(province === "" ? {} : { province }),
  };
  return useQuery({
    queryKey: [...ALL, "matrix", query],
    queryFn: () => ask(api.GET("/api/v1/consistency/matrix", { params: { query } })),
    placeholderData: (before) => before,
  });
}

/** One deployment; what should run, and its `ETag` for a change. */
export function useDeployment(place: Place) {
  return useQuery({
    queryKey: [...ALL, place],
    queryFn: () =>
      ask(
        api.GET("/api/v1/provinces/{province}/deployments/{capability}", {
          params: { path: { ...place } },
        }),
      ),
  });
}

/** The five parts of each of its versions. */
export function useParts(place: Place) {
  return useQuery({
    queryKey: [...ALL, "parts", place],
    queryFn: () => ask(api.GET("/api/v1/consistency", { params: { query: { ...place } } })),
  });
}

/** What its province chose of the settings. */
export function useSettings(place: Place) {
  return useQuery({
    queryKey: [...ALL, "settings", place],
    queryFn: () =>
      ask(
        api.GET("/api/v1/provinces/{province}/deployments/{capability}/settings", {
          params: { path: { ...place } },
        }),
      ),
  });
}

/** One roll-out; asked for again when its provinces changed, or told of calls. */
export function useRollout(rollout: string) {
  useLive(TOPIC, [[...ALL, "rollout", rollout]]);
  useLive("operations", [[...ALL, "rollout", rollout]]);
  return useQuery({
    queryKey: [...ALL, "rollout", rollout],
    queryFn: () => ask(api.GET("/api/v1/rollouts/{rollout}", { params: { path: { rollout } } })),
  });
}

const MOST = 100;

/** The published versions of a capability, the newest first. */
export function usePublished(capability: string) {
  return useQuery({
    queryKey: ["store", "versions", capability],
    queryFn: () =>
      ask(
        api.GET("/api/v1/capabilities/{name}/versions", {
          params: { path: { name: capability }, query: { limit: MOST } },
        }),
      ),
    select: (page) => page.items.filter((item) => item.stage === "published"),
  });
}

/** What a province reported last that it runs. */
export function useHealth(province: string) {
  useLive(TOPIC, [ALL]);
  return useQuery({
    queryKey: [...ALL, "health", province],
    queryFn: () =>
      ask(api.GET("/api/v1/provinces/{province}/health", { params: { path: { province } } })),
    enabled: province !== "",
  });
}

/** Runs a change of deployments; whatever shows them is asked for again. */
export function useChange<T>(change: (given: T) => Promise<unknown>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: () => queries.invalidateQueries({ queryKey: ALL }),
  });
}

export function match(revision: number): { "If-Match": string } {
  return { "If-Match": `"${revision}"` };
}
