import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, newIdempotencyKey, type Schemas } from "../../api/client";
import { useSession } from "../../app/session";

export type Subscription = Schemas["SubscriptionView"];
export type Change = Schemas["ChangeView"];
export type Plan = Schemas["PlanView"];
export type Act = "approve" | "suspend" | "resume" | "revoke" | "withdraw";

const KEY = "subscriptions";
const MOST = 500;

/** How many requests wait for this person's decision. */
export function useWaiting(): number | undefined {
  const { may } = useSession();
  const query = useQuery({
    queryKey: [KEY, "count"],
    queryFn: () =>
      ask(
        api.GET("/api/v1/subscriptions", { params: { query: { status: "requested", limit: 1 } } }),
      ),
    enabled: may("approve:subscriptions"),
    select: (page) => page.total,
  });
  return query.data;
}

export function useSubscription(subscription: string) {
  return useQuery({
    queryKey: [KEY, "one", subscription],
    queryFn: () =>
      ask(api.GET("/api/v1/subscriptions/{subscription}", { params: { path: { subscription } } })),
  });
}

export function useUsage(subscription: string) {
  return useQuery({
    queryKey: [KEY, "usage", subscription],
    queryFn: () =>
      ask(
        api.GET("/api/v1/subscriptions/{subscription}/usage", {
          params: { path: { subscription } },
        }),
      ),
  });
}

export function usePlans() {
  return useQuery({
    queryKey: ["subscription-plans"],
    queryFn: () => ask(api.GET("/api/v1/subscription-plans")),
    select: (list) => list.items,
  });
}

/** The applications that this person may subscribe for. */
export function useApplications() {
  return useQuery({
    queryKey: ["applications", MOST],
    queryFn: () => ask(api.GET("/api/v1/applications", { params: { query: { limit: MOST } } })),
    select: (page) => page.items.filter((item) => item.is_active),
  });
}

/** What the store offers to subscribe to. */
export function useOffers() {
  return useQuery({
    queryKey: ["capabilities", MOST],
    queryFn: () =>
      ask(
        api.GET("/api/v1/capabilities", { params: { query: { stage: "published", limit: MOST } } }),
      ),
    select: (page) => page.items,
  });
}

/** Ask for a subscription; the same form sent again is the same request. */
export async function request(
  body: Schemas["SubscriptionRequest"],
  key: string,
): Promise<Subscription> {
  const headers = { "idempotency-key": key };
  return ask(api.POST("/api/v1/subscriptions", { body, params: { header: headers } }));
}

export async function register(name: string, province: string) {
  const header = { "idempotency-key": newIdempotencyKey() };
  return ask(api.POST("/api/v1/applications", { body: { name, province }, params: { header } }));
}

/** Returns how to do something with subscriptions, and look at them anew afterwards. */
export function useDo() {
  const queries = useQueryClient();
  const { mutateAsync } = useMutation({
    mutationFn: (act: () => Promise<unknown>) => act(),
    onSettled: () => queries.invalidateQueries({ queryKey: [KEY] }),
  });
  return mutateAsync;
}

const ACTS = {
  approve: "/api/v1/subscriptions/{subscription}:approve",
  resume: "/api/v1/subscriptions/{subscription}:resume",
  withdraw: "/api/v1/subscriptions/{subscription}:withdraw",
  suspend: "/api/v1/subscriptions/{subscription}:suspend",
  revoke: "/api/v1/subscriptions/{subscription}:revoke",
} as const;

export function act(kind: Act, subscription: string): Promise<Subscription> {
  return ask(api.POST(ACTS[kind], { params: { path: { subscription } } }));
}

export function decline(subscription: string, body: Schemas["Refusal"]): Promise<Subscription> {
  const params = { path: { subscription } };
  return ask(api.POST("/api/v1/subscriptions/{subscription}:decline", { params, body }));
}

export function requestChange(
  subscription: string,
  body: Schemas["ChangeRequest"],
): Promise<Change> {
  const params = {
    path: { subscription },
    header: { "idempotency-key": newIdempotencyKey() },
  };
  return ask(api.POST("/api/v1/subscriptions/{subscription}/changes", { params, body }));
}

export function approveChange(change: string): Promise<Change> {
  const params = { path: { change } };
  return ask(api.POST("/api/v1/subscription-changes/{change}:approve", { params }));
}

export function declineChange(change: string, body: Schemas["Refusal"]): Promise<Change> {
  const params = { path: { change } };
  return ask(api.POST("/api/v1/subscription-changes/{change}:decline", { params, body }));
}
