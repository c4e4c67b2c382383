import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";
import { useLive } from "../../shared/useLive";
import { useProvince } from "../../shared/useProvince";

export type Alarm = Schemas["AlarmView"];

const ALL = ["alarms"];

/** How many alarms nobody has taken yet; a hook of the menu. */
export function useOpenAlarms(): number | undefined {
  const [province] = useProvince();
  const scope = province === "" ? {} : { province };
  useLive("alarms", [ALL]);
  const { data } = useQuery({
    queryKey: ["alarms", "open", scope],
    queryFn: () =>
      ask(
        api.GET("/api/v1/alarms", { params: { query: { state: ["open"], limit: 1, ...scope } } }),
      ),
  });
  return data?.total;
}

/** One alarm, and what happened to it. */
export function useAlarm(id: string) {
  const path = { alarm: id };
  const alarm = useQuery({
    queryKey: ["alarms", id],
    queryFn: () => ask(api.GET("/api/v1/alarms/{alarm}", { params: { path } })),
  });
  const events = useQuery({
    queryKey: ["alarms", id, "events"],
    queryFn: () =>
      ask(api.GET("/api/v1/alarms/{alarm}/events", { params: { path, query: { limit: 500 } } })),
  });
  return { alarm, events };
}

/** What can be done with alarms. */
export type Act =
  | { act: "acknowledge" }
  | { act: "assign"; assignee: string | null }
  | { act: "comment"; text: string }
  | { act: "silence"; until: string | null; reason: string }
  | { act: "resolve"; text: string };

/** Does something with one alarm or with several; what shows them is asked for again. */
export function useAct() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ alarms, act }: { alarms: string[]; act: Act }) =>
      Promise.all(alarms.map((alarm) => send(alarm, act))),
    onSettled: () => queries.invalidateQueries({ queryKey: ALL }),
  });
}

function send(alarm: string, act: Act): Promise<Alarm> {
  const params = { path: { alarm } };
  switch (act.act) {
    case "acknowledge":
      return ask(api.POST("/api/v1/alarms/{alarm}:acknowledge", { params }));
    case "assign":
      return ask(
        api.POST("/api/v1/alarms/{alarm}:assign", { params, body: { assignee: act.assignee } }),
      );
    case "comment":
      return ask(api.POST("/api/v1/alarms/{alarm}:comment", { params, body: { text: act.text } }));
    case "silence":
      return ask(
        api.POST("/api/v1/alarms/{alarm}:silence", {
          params,
          body: { until: act.until, reason: act.reason },
        }),
      );
    case "resolve":
      return ask(api.POST("/api/v1/alarms/{alarm}:resolve", { params, body: { text: act.text } }));
  }
}
