import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { ADMIN, renderAt } from "../../shared/testing";
import { Acts } from "./Acts";
import { StatusLine } from "./StatusLine";
import { forPython, forShell } from "./snippets";
import type { Subscription } from "./useSubscriptions";

const given: Subscription = {
  id: "sub-1",
  application: "app-1",
  province: "guizhou",
  capability: "digit-recognition",
  plan: "trial",
  daily_quota: 1000,
  rate_per_second: 5,
  concurrency: 4,
  purpose: "to read cheques",
  cost_centre: "",
  status: "active",
  since: "2026-11-20T08:00:00Z",
  requested_by: "li",
  requested_at: "2026-11-20T08:00:00Z",
  decided_by: "plan:trial",
  reason: "",
};
const by = { gateway: "http://g", clientId: "app-1", secret: "it's a secret" };

test("a subscription is revoked by whoever read whom it hits and typed its name", async () => {
  const user = userEvent.setup();
  await renderAt("/", <Acts item={given} onSecret={() => undefined} />);

  await user.click(await screen.findByRole("button", { name: "Revoke" }));
  expect(
    await screen.findByText(/app-1 in guizhou loses access for good within 2 s/),
  ).toBeInTheDocument();
  const confirm = screen.getAllByRole("button", { name: "Revoke" }).at(-1) as HTMLElement;
  expect(confirm).toBeDisabled();
  await user.type(screen.getByRole("textbox"), "digit-recognition");

  expect(confirm).toBeEnabled();
});

test("nobody is offered to approve what they asked for", async () => {
  const own = { ...given, status: "requested" as const, requested_by: ADMIN.user.name };
  await renderAt("/", <Acts item={own} onSecret={() => undefined} />);

  expect(await screen.findByRole("button", { name: "Withdraw" })).toBeVisible();
  expect(screen.queryByRole("button", { name: "Approve" })).toBeNull();
});

test("a denial says what helps", async () => {
  const denial = { reason: "no-capacity" as const, cure: "", words: "ask in May" };
  await renderAt("/", <StatusLine item={{ ...given, status: "declined", denial }} />);

  expect(await screen.findByText("ask in May", { exact: false })).toBeVisible();
  expect(screen.getByText(/once the province runs more replicas/)).toBeVisible();
});

test("a program is pasted with its credentials, whatever stands in them", () => {
  expect(forShell("curl", by)).toBe(
    "export GATEWAY='http://g'\nexport CLIENT_ID='app-1'\n" +
      "export CLIENT_SECRET='it'\\''s a secret'\ncurl",
  );
  expect(forPython("run()", by)).toContain('"CLIENT_SECRET":"it\'s a secret"');
});
