import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, newIdempotencyKey, type Schemas } from "../../api/client";
import { useLive } from "../../shared/useLive";

export type Notification = Schemas["NotificationView"];
export type Rule = Schemas["RuleView"];
export type RuleBody = Schemas["RuleBody"];
export type Webhook = Schemas["WebhookView"];

const ALL = ["notifications"];
const MOST = 500;

/** How much one has not read, and the newest of it. */
export function useUnread() {
  useLive("notifications", [ALL]);
  return useQuery({
    queryKey: [...ALL, "unread"],
    queryFn: () =>
      ask(api.GET("/api/v1/notifications", { params: { query: { unread: true, limit: 10 } } })),
  });
}

/** Marks one as read, or all of them where none is named. */
export function useRead() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (notification: number | null) => {
      if (notification === null)
        return void (await ask(api.POST("/api/v1/notifications:read-all")));
      const params = { path: { notification } };
      await ask(api.POST("/api/v1/notifications/{notification}:read", { params }));
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ALL }),
  });
}

export function useChannels() {
  return useQuery({
    queryKey: [...ALL, "channels"],
    queryFn: () => ask(api.GET("/api/v1/notification-channels")),
  });
}

export function useRules() {
  return useQuery({
    queryKey: [...ALL, "rules"],
    queryFn: () =>
      ask(api.GET("/api/v1/notification-rules", { params: { query: { limit: MOST } } })),
    select: (page) => page.items,
  });
}

export function useWebhooks() {
  return useQuery({
    queryKey: [...ALL, "webhooks"],
    queryFn: () => ask(api.GET("/api/v1/webhooks", { params: { query: { limit: MOST } } })),
    select: (page) => page.items,
  });
}

/** Changes of one's rules and webhooks; what shows them is asked for again. */
export function useChange() {
  const queries = useQueryClient();
  const done = () => queries.invalidateQueries({ queryKey: ALL });
  const addRule = useMutation({
    mutationFn: (body: RuleBody) =>
      ask(
        api.POST("/api/v1/notification-rules", {
          params: { header: { "idempotency-key": newIdempotencyKey() } },
          body,
        }),
      ),
    onSuccess: done,
  });
  const dropRule = useMutation({
    mutationFn: (rule: string) =>
      ask(api.DELETE("/api/v1/notification-rules/{rule}", { params: { path: { rule } } })),
    onSuccess: done,
  });
  const testRule = useMutation({
    mutationFn: (rule: string) =>
      ask(api.POST("/api/v1/notification-rules/{rule}:test", { params: { path: { rule } } })),
    onSuccess: done,
  });
  const addWebhook = useMutation({
    mutationFn: (body: Schemas["WebhookBody"]) =>
      ask(
        api.POST("/api/v1/webhooks", {
          params: { header: { "idempotency-key": newIdempotencyKey() } },
          body,
        }),
      ),
    onSuccess: done,
  });
  const dropWebhook = useMutation({
    mutationFn: (webhook: string) =>
      ask(api.DELETE("/api/v1/webhooks/{webhook}", { params: { path: { webhook } } })),
    onSuccess: done,
  });
  return { addRule, dropRule, testRule, addWebhook, dropWebhook };
}
