import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { ADMIN, renderAt } from "../../shared/testing";
import { AlarmActs } from "./AlarmActs";
import { BulkActs } from "./BulkActs";
import { Evidence } from "./Evidence";
import type { Alarm } from "./useAlarms";

const given: Alarm = {
  id: "alarm-1",
  rule: "flood",
  severity: "critical",
  state: "open",
  capability: "digit-recognition",
  province: "guizhou",
  says: { zh: "60 次调用中 56 次被限流", en: "56 of 60 calls were turned away." },
  evidence: { refused: 56, sources: [{ application: "app-z", refused: 56 }] },
  first_seen: "2026-11-20T08:00:00Z",
  last_seen: "2026-11-20T08:00:00Z",
  count: 1,
  firing: true,
  acknowledged_by: null,
  acknowledged_at: null,
  assignee: null,
  silenced_until: null,
  resolved_at: null,
  resolved_by: null,
  revision: 1,
};

test("a flood names its sources, and leads to the usage behind them", async () => {
  await renderAt("/alarms", <Evidence alarm={given} />);

  expect(await screen.findByText("app-z")).toBeVisible();
  expect(screen.getByRole("link", { name: "Look at operations" })).toHaveAttribute(
    "href",
    "/operations?capability=digit-recognition&province=guizhou",
  );
});

test("an alarm that is over takes a remark and nothing else", async () => {
  const over: Alarm = { ...given, state: "resolved", resolved_at: given.last_seen };
  await renderAt("/alarms", <AlarmActs alarm={over} />);

  expect(await screen.findByRole("button", { name: "Comment" })).toBeDisabled();
  expect(screen.queryByRole("button", { name: "Resolve" })).toBeNull();
  expect(screen.queryByRole("button", { name: "Acknowledge" })).toBeNull();
});

test("whoever may not handle alarms is offered no act on them", async () => {
  const reader = { ...ADMIN, may: () => false };
  const acts = <BulkActs alarms={[given]} onDone={() => undefined} />;
  const { container } = await renderAt("/alarms", acts, reader);

  expect(container.querySelectorAll("button")).toHaveLength(0);
});
