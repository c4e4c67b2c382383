import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";
import { ApiProblem, type Problem } from "../../api/problem";

export type Place = Schemas["TrialPlaceView"];
export type Offer = Schemas["TrialOfferView"];

/** What a province's gateway answered, as the browser saw it. */
export interface Tried {
  status: number;
  milliseconds: number;
  version: string;
  codeDigest: string;
  weightsDigest: string;
  requestId: string;
  body: unknown;
}

interface Wanted {
  place: Place;
  /** The request as it is sent; it goes to the gateway alone. */
  text: string;
  signal: AbortSignal;
}

/** Where a capability can be tried, and what is left of the day. */
export function useOffer(capability: string) {
  return useQuery({
    queryKey: ["trial", capability],
    queryFn: () =>
      ask(api.GET("/api/v1/capabilities/{name}/trial", { params: { path: { name: capability } } })),
  });
}

/** Requests that the capability's package carries. */
export function useSamples(capability: string, version: string | undefined) {
  return useQuery({
    queryKey: ["trial-samples", capability, version],
    enabled: version !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () =>
      ask(
        api.GET("/api/v1/capabilities/{name}/versions/{version}/samples", {
          params: { path: { name: capability, version: version ?? "" } },
        }),
      ),
  });
}

export function useManifest(capability: string, version: string | undefined) {
  return useQuery({
    queryKey: ["capability", capability, version],
    enabled: version !== undefined,
    queryFn: () =>
      ask(
        api.GET("/api/v1/capabilities/{name}/versions/{version}", {
          params: { path: { name: capability, version: version ?? "" } },
        }),
      ),
    select: (item) => item.manifest,
  });
}

/** Ask the center for a token, then call the province's gateway with it. */
export function useTry(capability: string, version: string | undefined) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ place, text, signal }: Wanted): Promise<Tried> => {
      const begun = await ask(
        api.POST("/api/v1/capabilities/{name}/trial-tokens", {
          params: { path: { name: capability } },
          body: { province: place.province, calls: 1 },
          signal,
        }),
      );
      queries.setQueryData<Offer>(
        ["trial", capability],
        (before) => before && { ...before, allowance: begun.allowance },
      );
      return call(begun, pathOf(capability, version, place), text, signal);
    },
  });
}

function pathOf(capability: string, version: string | undefined, place: Place): string {
  const isServed = version !== undefined && place.versions.includes(version);
  return `/v2/models/${capability}${isServed ? `/versions/${version}` : ""}/infer`;
}

async function call(
  begun: Schemas["TrialTokenView"],
  path: string,
  text: string,
  signal: AbortSignal,
): Promise<Tried> {
  const since = performance.now();
  const answer = await send(begun, path, text, signal);
  const body: unknown = await answer.json().catch(() => undefined);
  const milliseconds = performance.now() - since;
  if (!answer.ok) throw new ApiProblem(body as Problem, answer.status);
  const header = (name: string) => answer.headers.get(name) ?? "";
  return {
    status: answer.status,
    milliseconds,
    version: header("x-capability-version"),
    codeDigest: header("x-code-digest"),
    weightsDigest: header("x-weights-digest"),
    requestId: header("x-request-id"),
    body,
  };
}

async function send(
  begun: Schemas["TrialTokenView"],
  path: string,
  text: string,
  signal: AbortSignal,
): Promise<Response> {
  try {
    return await fetch(`${begun.gateway_url}${path}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${begun.access_token}`,
        "content-type": "application/json",
      },
      body: text,
      credentials: "omit",
      signal,
    });
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw ApiProblem.unreachable(cause);
  }
}
