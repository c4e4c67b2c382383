import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, newIdempotencyKey, type Schemas } from "../../api/client";
import { useLive } from "../../shared/useLive";

export type Incident = Schemas["IncidentView"];
export type Line = Schemas["LineView"];
export type Account = Schemas["IncidentBody"];

const ALL = ["incidents"];

/** One file and its timeline, asked for again whenever it or an alarm changes. */
export function useIncident(id: string) {
  const params = { path: { incident: id } };
  const one = ["incidents", id];
  useLive("incidents", [ALL]);
  useLive("alarms", [[...one, "timeline"]]);
  const file = useQuery({
    queryKey: one,
    queryFn: () => ask(api.GET("/api/v1/incidents/{incident}", { params })),
  });
  const timeline = useQuery({
    queryKey: [...one, "timeline"],
    queryFn: () => ask(api.GET("/api/v1/incidents/{incident}/timeline", { params })),
  });
  return { file, timeline };
}

/** Opens a file; its id comes back. */
export function useOpenIncident() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ body, key }: { body: Schemas["NewIncidentBody"]; key: string }) =>
      ask(api.POST("/api/v1/incidents", { params: { header: { "idempotency-key": key } }, body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ALL }),
  });
}

/** What can be done with a file. */
export type Act =
  | { act: "write"; account: Account }
  | { act: "note"; at: string; text: string }
  | { act: "add"; text: string; owner: string; due: string | null }
  | { act: "complete" | "undo"; action: string }
  | { act: "mitigate" | "close" | "reopen" };

/** Does something with one file; one act at a time, so that none outruns the one before. */
export function useAct(id: string) {
  const queries = useQueryClient();
  const one = ["incidents", id];
  return useMutation({
    scope: { id: `incident ${id}` },
    mutationFn: (act: Act) => send(id, act, queries.getQueryData<Incident>(one)?.revision),
    onSuccess: (file) => queries.setQueryData(one, file),
    onSettled: () => queries.invalidateQueries({ queryKey: ALL }),
  });
}

/** `revision` is that of the file on the page: what somebody else changes after it is not overwritten. */
function send(incident: string, act: Act, revision = 0): Promise<Incident> {
  const path = { incident };
  const once = { path, header: { "idempotency-key": newIdempotencyKey() } };
  switch (act.act) {
    case "write": {
      const header = { "If-Match": `"${revision}"` };
      const body = act.account;
      return ask(api.PUT("/api/v1/incidents/{incident}", { params: { path, header }, body }));
    }
    case "note": {
      const body = { at: act.at, text: act.text };
      return ask(api.POST("/api/v1/incidents/{incident}/entries", { params: once, body }));
    }
    case "add": {
      const body = { text: act.text, owner: act.owner, due_on: act.due };
      return ask(api.POST("/api/v1/incidents/{incident}/actions", { params: once, body }));
    }
    case "complete":
      return ask(
        api.POST("/api/v1/incidents/{incident}/actions/{action}:complete", {
          params: { path: { incident, action: act.action } },
        }),
      );
    case "undo":
      return ask(
        api.POST("/api/v1/incidents/{incident}/actions/{action}:reopen", {
          params: { path: { incident, action: act.action } },
        }),
      );
    case "mitigate":
      return ask(api.POST("/api/v1/incidents/{incident}:mitigate", { params: { path } }));
    case "close":
      return ask(api.POST("/api/v1/incidents/{incident}:close", { params: { path } }));
    case "reopen":
      return ask(api.POST("/api/v1/incidents/{incident}:reopen", { params: { path } }));
  }
}
