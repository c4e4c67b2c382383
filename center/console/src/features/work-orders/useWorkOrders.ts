import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";

export type Order = Schemas["WorkOrderView"];
export type Step = "release" | "wait" | "resume" | "finish" | "decline" | "withdraw";
export const KEY = ["work-orders"];

/** How many orders this person works on. */
export function useWaiting(): number | undefined {
  const query = { limit: 1, queue: "mine" as const };
  return useQuery({
    queryKey: [...KEY, "waiting"],
    queryFn: () => ask(api.GET("/api/v1/work-orders", { params: { query } })),
  }).data?.total;
}

/** One order with its history, and what may be done with it. */
export function useWorkOrder(order: string) {
  const queries = useQueryClient();
  const path = { order };
  const query = useQuery({
    queryKey: [...KEY, order],
    queryFn: () => ask(api.GET("/api/v1/work-orders/{order}", { params: { path } })),
  });
  const settle = () => queries.invalidateQueries({ queryKey: KEY });
  return {
    query,
    take: () =>
      ask(
        api.POST("/api/v1/work-orders/{order}:assign", { params: { path }, body: { text: "" } }),
      ).then(settle),
    step: (step: Step, text: string) =>
      ask(
        api.POST(`/api/v1/work-orders/{order}:${step}`, { params: { path }, body: { text } }),
      ).then(settle),
    comment: (text: string) =>
      ask(
        api.POST("/api/v1/work-orders/{order}/comments", {
          params: { path, header: { "idempotency-key": crypto.randomUUID() } },
          body: { text },
        }),
      ).then(settle),
  };
}
