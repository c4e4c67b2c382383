import { screen } from "@testing-library/react";
import i18next from "i18next";
import { expect, test } from "vitest";
import { renderAt } from "../../shared/testing";
import { StoreCard } from "./StoreCard";
import type { Card } from "./useStore";

const NOW = new Date().toISOString();
const CARD: Card = {
  name: "alarm-root-cause",
  version: "1.1.0",
  stage: "published",
  titles: { zh: "告警根因定位", en: "Alarm root cause" },
  summary: { zh: "找出根源告警", en: "Finds the alarm that it all began with" },
  domain: "network",
  task: "root-cause",
  family: "rule",
  owner: "center",
  licence: "Apache-2.0",
  published_at: NOW,
  provinces: ["guizhou", "zhejiang"],
  rating: { mean: 4.5, count: 2 },
  is_favourite: true,
  standing: {
    calls: 4210,
    errors: 3,
    p99_ms: 38.4,
    accuracy: 0.914,
    labelled: 120,
    quality_at: NOW,
    measured_at: NOW,
  },
  drift: { verdict: "drift", since: NOW, provinces: 1, age_seconds: 60 },
};

test("a card says how a capability does, and how much each figure is worth", async () => {
  await i18next.loadNamespaces("store");
  await renderAt("/store?province=zhejiang", <StoreCard card={CARD} />);

  expect(await screen.findByRole("heading", { name: "Alarm root cause" })).toBeVisible();
  expect(screen.getByText("accuracy 91.4%")).toBeVisible();
  expect(screen.getByText("n = 120")).toBeVisible();
  expect(screen.getByText("Drift")).toBeVisible();
  expect(screen.getByText("Network · Root cause · Rules")).toBeVisible();
  expect(screen.getByText("4.5 of 5 stars, 2 ratings")).toBeInTheDocument();
  expect(screen.getByRole("button", { pressed: true })).toHaveAccessibleName(/Favourite/);
});

test("a capability that nobody measured makes no claim", async () => {
  await i18next.loadNamespaces("store");
  const unknown = { ...CARD, standing: null, drift: null, rating: { mean: null, count: 0 } };
  await renderAt("/store", <StoreCard card={unknown} />);

  expect(await screen.findByText("in 2 provinces")).toBeVisible();
  expect(screen.queryByText(/accuracy/)).toBeNull();
  expect(screen.queryByText(/stars/)).toBeNull();
});
