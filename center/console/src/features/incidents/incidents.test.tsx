import type { UseQueryResult } from "@tanstack/react-query";
import { fireEvent, screen } from "@testing-library/react";
import { useState } from "react";
import { expect, test } from "vitest";
import type { Schemas } from "../../api/client";
import { renderAt } from "../../shared/testing";
import { Causes } from "./Causes";
import { Timeline } from "./Timeline";
import type { Incident } from "./useIncident";

const given: Incident = {
  id: "incident-1",
  kind: "incident",
  state: "closed",
  title: "A flood in Guizhou",
  severity: "critical",
  begins_at: "2026-11-20T08:00:00Z",
  ends_at: "2026-11-20T09:00:00Z",
  capabilities: ["digit-recognition"],
  provinces: ["guizhou"],
  lead: "li",
  attendees: ["wang"],
  summary: "",
  near_cause: "a loop in the client",
  root_cause: "no limit for each source",
  opened_by: "li",
  opened_at: "2026-11-20T08:05:00Z",
  mitigated_at: "2026-11-20T09:00:00Z",
  closed_at: "2026-11-20T10:00:00Z",
  revision: 4,
  actions: [],
};

function line(changes: Partial<Schemas["LineView"]>): Schemas["LineView"] {
  return {
    at: "2026-11-20T08:00:00Z",
    source: "audit",
    act: "deployment.put",
    words: { zh: "部署变更", en: "Deployment changed" },
    actor: "chen",
    subject: "deployment/guizhou/digit-recognition",
    province: "guizhou",
    capability: "digit-recognition",
    text: "",
    says: null,
    detail: null,
    ...changes,
  };
}

test("alarms and deployments stand on one line of time, each alarm as a link to itself", async () => {
  const items = [
    line({}),
    line({
      source: "alarm",
      act: "alarm.raised",
      words: { zh: "告警触发", en: "Alarm raised" },
      subject: "alarm/alarm-1",
      says: { zh: "被限流", en: "56 calls were turned away." },
    }),
  ];
  const data = { gathered_at: given.begins_at, items };
  const query = { data, error: null } as UseQueryResult<Schemas["TimelineView"]>;
  await renderAt("/incidents/incident-1", <Timeline item={given} query={query} />);

  expect(await screen.findByText("Deployment changed")).toBeVisible();
  expect(screen.getByText("56 calls were turned away.")).toBeVisible();
  expect(screen.getByRole("link", { name: "Alarm raised" })).toHaveAttribute(
    "href",
    "/alarms?alarm=alarm-1",
  );
});

test("a closed file is read, and not written any more", async () => {
  await renderAt("/incidents/incident-1", <Causes item={given} />);

  expect(await screen.findByText("no limit for each source")).toBeVisible();
  expect(screen.queryByRole("textbox")).toBeNull();
});

/** An open file that somebody else changes. */
function ChangingFile() {
  const [item, change] = useState<Incident>({ ...given, state: "open" });
  const theirs = { near_cause: "a retry storm", root_cause: "no back-off", revision: 5 };
  return (
    <>
      <Causes item={item} />
      <button type="button" onClick={() => change({ ...item, ...theirs })}>
        somebody writes
      </button>
    </>
  );
}

test("what is being typed stays while the file changes, and what others wrote is told", async () => {
  await renderAt("/incidents/incident-1", <ChangingFile />);
  const root = await screen.findByLabelText("Root cause");
  fireEvent.change(root, { target: { value: "no limit, and" } });
  fireEvent.click(screen.getByText("somebody writes"));

  expect(screen.getByLabelText("Near cause")).toHaveValue("a retry storm");
  expect(root).toHaveValue("no limit, and");
  expect(await screen.findByText(/no back-off/)).toBeInTheDocument();
});
