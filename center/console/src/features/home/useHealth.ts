import { useQuery } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";
import type { State } from "../../shared/StateMark";

const MOST = 500;

interface Health {
  /** In how many provinces it is deployed. */
  provinces: number;
  /** The worst of its provinces. */
  state: State;
  /** The realized quality with the most labels; undefined where nobody has sent any. */
  quality: Schemas["QualityView"] | undefined;
}

/** Returns how a capability does, from three lists that are asked for once. */
export function useHealth(): (capability: string) => Health {
  const query = { limit: MOST };
  const { data: deployments } = useQuery({
    queryKey: ["deployments", "all"],
    queryFn: () => ask(api.GET("/api/v1/deployments", { params: { query } })),
  });
  const { data: drift } = useQuery({
    queryKey: ["drift", "all"],
    queryFn: () => ask(api.GET("/api/v1/drift", { params: { query } })),
  });
  const { data: qualities } = useQuery({
    queryKey: ["quality", "all"],
    queryFn: () => ask(api.GET("/api/v1/quality", { params: { query } })),
  });
  return (capability) => {
    const of = <T extends { capability: string }>(page: { items: T[] } | undefined): T[] =>
      page?.items.filter((item) => item.capability === capability) ?? [];
    const verdicts = of(drift).map((item) => item.verdict);
    const labelled = of(qualities).filter((item) => item.accuracy !== null && item.labelled > 0);
    return {
      provinces: new Set(of(deployments).map((item) => item.province)).size,
      state: stateOf(verdicts),
      quality: labelled.sort((a, b) => b.labelled - a.labelled)[0],
    };
  };
}

function stateOf(verdicts: string[]): State {
  if (verdicts.includes("drift")) return "drift";
  if (verdicts.includes("learning")) return "learning";
  return verdicts.length === 0 ? "no-data" : "healthy";
}
