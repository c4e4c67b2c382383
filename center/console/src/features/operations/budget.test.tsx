import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { renderAt } from "../../shared/testing";
import { BudgetLeft, budgetState } from "./BudgetLeft";

test("a budget that is gone, or goes fast, is the worst state, whatever is left", () => {
  expect(budgetState(-0.2, null)).toBe("quality-down");
  expect(budgetState(0.9, "fast")).toBe("quality-down");
  expect(budgetState(0.9, "slow")).toBe("drift");
  expect(budgetState(0.1, null)).toBe("watch");
  expect(budgetState(0.9, null)).toBe("healthy");
});

test("a budget says how much is left in words, not by its bar alone", async () => {
  const budget = {
    target: 0.999,
    bad: 12,
    left: -0.22,
    burns: [],
    burning: null,
    exhausts_at: null,
  };
  await renderAt("/", <BudgetLeft budget={budget} />);

  expect(await screen.findByText("22% over")).toBeVisible();
});
