import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { renderAt } from "../../shared/testing";
import { MatrixGrid } from "./MatrixGrid";
import { RolloutActs } from "./RolloutActs";
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
      ...{ province: "guizhou", percent: 10, calls: 4, failures: 0, is_drifting: false },
      ...{ labelled: 0, ready: 1, broken: [] },
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

test("a roll-back says what comes back before it happens", async () => {
  answering({ ...ROLLOUT, state: "rolled-back" });
  const user = userEvent.setup();
  await renderAt("/deployments", <RolloutActs item={ROLLOUT} />);

  await user.click(await screen.findByRole("button", { name: "Roll back" }));
  expect(
    await screen.findByText("guizhou run again what ran before; 2.0.0 gets no more traffic."),
  ).toBeInTheDocument();
  await user.click(screen.getAllByRole("button", { name: "Roll back" }).at(-1) as HTMLElement);

  await waitFor(() =>
    expect(asked.map(({ path }) => path)).toEqual(["/api/v1/rollouts/rollout-1:roll-back"]),
  );
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
