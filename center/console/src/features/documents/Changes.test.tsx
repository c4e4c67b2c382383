import { screen, within } from "@testing-library/react";
import i18next from "i18next";
import { expect, test } from "vitest";
import { renderAt } from "../../shared/testing";
import { Changes } from "./Changes";

test("each change says whether it breaks callers, and why", async () => {
  await i18next.loadNamespaces("documents");
  const difference = {
    breaking: true,
    changes: [
      { side: "input", name: "rsrp", kind: "changed", member: "unit", before: "dBm", after: "mW" },
      { side: "output", name: "score", kind: "added" },
    ].map((change, index) => ({ ...change, impact: index === 0 ? "breaking" : "compatible" })),
  } as Parameters<typeof Changes>[0]["difference"];
  await renderAt("/documents/x", <Changes difference={difference} />);

  const [, first, second] = await screen.findAllByRole("row");
  const row = within(first as HTMLElement);
  expect(row.getByText("Breaking")).toBeVisible();
  expect(row.getByText("dBm")).toBeVisible();
  expect(row.getByText("The same number means something else")).toBeVisible();
  expect(within(second as HTMLElement).getByText("Old callers do not read it")).toBeVisible();
});
