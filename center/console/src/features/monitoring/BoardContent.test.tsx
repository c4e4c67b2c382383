import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { renderAt } from "../../shared/testing";
import { BoardContent } from "./BoardContent";
import type { Board, Cell } from "./useMonitoring";

const CELL: Cell = {
  province: "yunnan",
  capability: "cell-outage",
  version: "1.0.0",
  state: "healthy",
  cause: { code: "healthy", figures: { calls: 40 } },
  is_deployed: true,
  calls: 40,
  errors: 0,
  refused: 0,
  latency_ms: 12,
  quota: 1000,
  used: 40,
  verdict: "stable",
  since: null,
  rows: 400,
  moved: 0,
  column: null,
  effect: 0.02,
  shift: 0.01,
  accuracy: 0.9,
  labelled: 120,
  accuracy_before: 0.9,
  labelled_before: 900,
  data_at: "2026-11-26T01:00:00Z",
};
const DRIFT: Cell = {
  ...CELL,
  state: "drift",
  cause: {
    code: "drift",
    figures: {
      moved: 3,
      column: "rsrp",
      effect: 0.34,
      shift: -0.41,
      since: "2026-11-20T06:00:00Z",
      also_in: ["guangxi"],
    },
  },
};

function board(cells: Cell[]): Board {
  const place = (name: string, en: string) => ({
    name,
    titles: { zh: en, en },
    simulated: true,
    state: cells.find((cell) => cell.province === name)?.state ?? null,
    counts: { drift: cells.filter((cell) => cell.province === name).length },
    spoken_at: null,
    joined_at: null,
  });
  return {
    at: new Date().toISOString(),
    provinces: [place("yunnan", "Yunnan"), place("guangxi", "Guangxi")],
    capabilities: [
      { name: "cell-outage", titles: { zh: "小区退服识别", en: "Outage" }, domain: "ran" },
    ],
    cells,
  };
}

test("the drifting cell stands first, its cause in one sentence with the provinces alike", async () => {
  const shown = board([DRIFT, { ...CELL, province: "guangxi" }]);
  await renderAt("/monitoring", <BoardContent board={shown} view="tiles" />);

  const tiles = await screen.findByRole("list", { name: "State by province" });
  const yunnan = within(tiles).getByText("Yunnan").closest("section");
  expect(yunnan).toHaveTextContent("Drift");
  expect(yunnan).toHaveTextContent("simulated");
  const mark = within(tiles).getByRole("link", {
    name: /^Outage: 3 columns moved since .*; largest: rsrp, 0.41 sd down; same in Guangxi$/,
  });
  expect(mark).toHaveAttribute("href", "/monitoring/cell-outage/yunnan");
});

test("the same board is a table, of one province where the switch chose one", async () => {
  const flooded = { ...CELL, province: "guangxi", calls: 40, errors: 12, refused: 10 };
  const shown = board([DRIFT, flooded]);
  await renderAt("/monitoring?province=guangxi", <BoardContent board={shown} view="table" />);

  const rows = within(await screen.findByRole("table")).getAllByRole("row");
  expect(rows).toHaveLength(2);
  expect(rows[1]).toHaveTextContent(/Healthy.*Outage.*Guangxi.*40.*6\.7/); // 2 of 30 that were not refused
});

test("where all is well, the page says that nothing needs anybody", async () => {
  await renderAt("/monitoring", <BoardContent board={board([CELL])} view="tiles" />);

  expect(await screen.findByText("All is well: nothing needs anybody.")).toBeVisible();
});
