import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { renderAt } from "../../shared/testing";
import { MatrixGrid } from "./MatrixGrid";
import { RolloutActs } from "./RolloutActs";
import { RolloutTraffic } from "./RolloutTraffic";
import { SettingsEditor } from "./SettingsEditor";
import type { Matrix, Rollout } from "./useDeployments";

const LINE = { version: "1.0.0", weight: 1, least: 1, ready: 1, t: "=====", wanted: true };

function matrix(rows: number, columns: number): Matrix {
  const capabilities = Array.from({ length: rows }, (_, row) => `capability-${row}`);
  const provinces = Array.from({ length: columns }, (_, column) => ({
    name: `province-${column}`,
    age_seconds: 30,
  }));
  const cells = capabilities.flatMap((c) =>
    provinces.map(({ name }) => ({
      ...{ p: name, c, v: [LINE], revision: 1, overlay: 0, priority: "standard" },
    })),
  );
  return { capabilities, provinces, cells };
}

const QUIET = { failures: 0, is_drifting: false, labelled: 0, ready: 1 };

const ROLLOUT: Rollout = {
  ...{ id: "rollout-1", capability: "digits", version: "2.0.0", state: "running", stage: 0 },
  stages: [{ provinces: ["guizhou"], percent: 10, soak_minutes: 30 }],
  rails: { drift: true, least_calls: 100, failure_share: 0.01 },
  since: "2026-11-20T08:00:00Z",
  reason: "",
  started_by: "wang",
  started_at: "2026-11-20T08:00:00Z",
  provinces: [
    {
      ...{ province: "guizhou", percent: 10, broken: [], left: null },
      ...{ changed_at: "2026-11-20T08:00:00Z", heard_at: null, reported_at: null },
      versions: [
        { ...QUIET, version: "1.0.0", weight: 9, share: 0.9, calls: 18, served: 0.9 },
        { ...QUIET, version: "2.0.0", weight: 1, share: 0.1, calls: 2, served: 0.1 },
      ],
      back: { versions: [{ version: "1.0.0", weight: 1 }], obstacle: null, detail: "" },
    },
    {
      ...{ province: "zhejiang", percent: 0, broken: [], left: null, versions: [] },
      ...{ changed_at: null, heard_at: null, reported_at: null },
      back: { versions: [], obstacle: "not-deployable", detail: "digits 1.1.0 is withdrawn." },
    },
  ],
};

const asked: { method: string; path: string; match: string | null; body: string }[] = [];
function answering(body: unknown) {
  asked.length = 0;
  vi.stubGlobal("fetch", async (request: Request) => {
    asked.push({
      method: request.method,
      path: new URL(request.url).pathname,
      match: request.headers.get("If-Match"),
      body: request.method === "GET" ? "" : await request.text(),
    });
    return Response.json(body);
  });
}

afterEach(() => vi.unstubAllGlobals());

test("of 31 x 300 cells only those in sight are drawn, and a red one says which part it is", async () => {
  answering({ items: [], total: 0 });
  const large = matrix(300, 31);
  large.cells[0] = { ...(large.cells[0] as Matrix["cells"][0]), v: [{ ...LINE, t: "==!==" }] };

  const { address } = await renderAt("/deployments", <MatrixGrid matrix={large} />);

  const table = await screen
    .findByText("capability-0")
    .then((name) => name.closest("table") as Element);
  expect(table).toHaveAttribute("aria-rowcount", "301");
  expect(table.querySelectorAll("button").length).toBeLessThan(500);
  const red = screen.getByLabelText("Overlay: different");
  await userEvent.click(red);
  expect(address()).toContain("deployment=province-0");
});

test("a finished roll-out goes back too: where, where not, and why, before it happens", async () => {
  answering({ ...ROLLOUT, state: "rolled-back" });
  const user = userEvent.setup();
  await renderAt("/deployments", <RolloutActs item={{ ...ROLLOUT, state: "finished" }} />);

  expect(screen.queryByRole("button", { name: "Pause" })).toBeNull();
  await user.click(await screen.findByRole("button", { name: "Roll back" }));
  expect(await screen.findByText("guizhou runs again: 1.0.0 100%")).toBeInTheDocument();
  expect(
    screen.getByText(/^zhejiang stays as it is: .* digits 1.1.0 is withdrawn.$/),
  ).toBeInTheDocument();
  await user.type(screen.getByRole("textbox", { name: "Reason" }), "wrong on blurred digits");
  await user.click(screen.getAllByRole("button", { name: "Roll back" }).at(-1) as HTMLElement);

  await waitFor(() =>
    expect(asked.filter(({ method }) => method === "POST")).toEqual([
      expect.objectContaining({
        path: "/api/v1/rollouts/rollout-1:roll-back",
        body: JSON.stringify({ reason: "wrong on blurred digits" }),
      }),
    ]),
  );
});

test("what each version should get stands beside what it got", async () => {
  answering({ items: [], total: 0 });
  await renderAt("/deployments", <RolloutTraffic item={ROLLOUT} />);

  const row = await screen.findByRole("row", { name: /2\.0\.0/ });
  expect(row).toHaveTextContent("2.0.0 new10% weight 110% 2 calls");
});

test("only what differs from the defaults is chosen, for the version that was read", async () => {
  const setting = { kind: "number" as const, default: 0.5, description: "", unit: "" };
  answering({
    version: 2,
    settings: [
      { name: "threshold", setting, chosen: 0.7, before: 0.6, declared_by: ["1.0.0"] },
      { name: "floor", setting, chosen: null, before: null, declared_by: ["1.0.0"] },
    ],
  });
  const user = userEvent.setup();
  const place = { province: "guizhou", capability: "digits" };
  await renderAt("/deployments", <SettingsEditor place={place} isReadOnly={false} />);

  const field = await screen.findByRole("spinbutton", { name: "threshold" });
  await user.clear(field);
  await user.type(field, "0.9");
  await user.type(screen.getByRole("textbox", { name: "Reason" }), "noisier cells");
  await user.click(screen.getByRole("button", { name: "Save settings" }));

  await waitFor(() => expect(asked.map(({ method }) => method)).toContain("PUT"));
  const put = asked.find(({ method }) => method === "PUT");
  expect(JSON.parse(put?.body ?? "")).toEqual({
    values: { threshold: 0.9 },
    reason: "noisier cells",
  });
  expect(put?.match).toBe('"2"');
});
