import { useQuery } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../api/client";

const MOST = 500;

/**
 * What the store says of each capability, by name: where it is deployed, its use, quality and drift.
 *
 * The center adds that up; of a country's provinces and capabilities the rows themselves are thousands.
 */
export function useStoreCards() {
  return useQuery({
    queryKey: ["store", "cards"],
    queryFn: () => ask(api.GET("/api/v1/store", { params: { query: { limit: MOST } } })),
    select: ({ items }): Map<string, Schemas["StoreCard"]> =>
      new Map(items.map((card) => [card.name, card])),
  });
}
