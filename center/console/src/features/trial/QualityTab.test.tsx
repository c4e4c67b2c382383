import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import i18next from "i18next";
import type { Middleware } from "openapi-fetch";
import { afterEach, beforeEach, expect, test } from "vitest";
import { api } from "../../api/client";
import { renderAt } from "../../shared/testing";
import QualityTab from "./QualityTab";

const SPAN = { begins: "2026-11-20T00:00:00Z", ends: "2026-11-20T12:00:00Z", age_seconds: 120 };
const REALIZED = {
  ...SPAN,
  method: "wilson",
  rows: 420,
  quality: { value: 0.91, low: 0.88, high: 0.93 },
};
const ESTIMATED = {
  ...SPAN,
  method: "generalized-regression",
  rows: 9000,
  quality: { value: 0.87, low: 0.81, high: 0.93 },
};
const LIVE = {
  capability: "churn",
  span_days: 30,
  provinces: [
    {
      province: "zhejiang",
      version: "1.0.0",
      predictions: 9000,
      realized: REALIZED,
      estimated: null,
      basis: null,
    },
    {
      province: "guizhou",
      version: "1.0.0",
      predictions: 9000,
      realized: null,
      estimated: ESTIMATED,
      basis: "scores",
    },
  ],
  elsewhere: [{ version: "1.0.0", provinces: 5, predictions: 70_000, realized: REALIZED }],
  is_withheld: false,
};
const FIT = {
  capability: "churn",
  version: "1.0.0",
  province: "guizhou",
  finding: "no-overlap",
  reference_rows: 1000,
  shifts: [],
  missing: [],
  unknown: 0.52,
  expected: null,
};
const PROVINCES = {
  items: [{ name: "guizhou", titles: { zh: "贵州", en: "Guizhou" } }],
  total: 1,
};

/** The center, as the client hears it. */
const center: Middleware = {
  onRequest({ request }) {
    if (request.url.includes("/live-quality")) return Response.json(LIVE);
    return Response.json(request.url.includes("/fit") ? FIT : PROVINCES);
  },
};

beforeEach(() => api.use(center));
afterEach(() => api.eject(center));

test("each province's quality stands with its interval and n, and an estimate is called one", async () => {
  await i18next.loadNamespaces("trial");
  await renderAt("/", <QualityTab capability="churn" province="guizhou" />);

  const rows = (await screen.findAllByRole("row")).slice(1);
  expect(rows[0]).toHaveTextContent(/Guizhou.*none yet.*87%.*n = 9,000.*generalized regression/);
  expect(rows[1]).toHaveTextContent(/zhejiang.*91% \(88%–93%\).*n = 420.*Wilson/);
  expect(rows[2]).toHaveTextContent(/5 other provinces.*91%.*70,000/);
  expect(screen.getAllByRole("img", { name: /%/ })).toHaveLength(3);

  await userEvent.click(screen.getByRole("button", { name: "As table" }));
  expect(screen.queryByRole("img", { name: /%/ })).toBeNull();
  expect(await screen.findByText(/outside the training data/)).toBeVisible();
  expect(screen.getByText(/52%/)).toBeVisible();
});
