import { type QueryKey, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { listen } from "./live";

/**
 * Ask again for what a page shows as soon as the center says that it changed.
 *
 * @param topic - What the center calls it, such as `deployments`.
 * @param keys - Keys of the queries that show it.
 */
export function useLive(topic: string, keys: QueryKey[]): void {
  const queries = useQueryClient();
  const text = JSON.stringify(keys);
  useEffect(() => {
    const asked: QueryKey[] = JSON.parse(text);
    return listen(topic, () => {
      for (const queryKey of asked) void queries.invalidateQueries({ queryKey });
    });
  }, [topic, text, queries]);
}
