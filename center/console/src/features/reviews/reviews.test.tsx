import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { renderAt } from "../../shared/testing";
import { Decision } from "./Decision";
import { DifferenceView } from "./DifferenceView";
import { numbered } from "./FileDiff";
import type { Difference, Review } from "./useReviews";

const digest = `sha256:${"a".repeat(64)}`;
const digests = { package: digest, code: digest, weights: digest };
const difference: Difference = {
  capability: "digit-recognition",
  before: "1.0.0",
  after: "1.1.0",
  digests_before: digests,
  digests_after: { ...digests, weights: `sha256:${"b".repeat(64)}` },
  archive_bytes_before: 1024,
  archive_bytes_after: 2048,
  contract: {
    breaking: true,
    changes: [
      {
        side: "input",
        name: "image",
        kind: "changed",
        member: "shape",
        before: [64],
        after: [32],
        impact: "breaking",
      },
    ],
  },
  resources: [{ name: "memory", unit: "MiB", before: 10, after: 15 }],
  quality: [],
  distribution: [],
  files: [],
};

test("a difference says what breaks, from what to what", async () => {
  await renderAt("/", <DifferenceView difference={difference} />);

  const row = (await screen.findByText("Breaking")).closest("tr") as HTMLElement;
  expect(within(row).getByText("[64]")).toBeVisible();
  expect(within(row).getByText("[32]")).toBeVisible();
  expect(screen.getByText("50%")).toBeVisible();
  expect(screen.getByText(/Code: the same/)).toBeVisible();
});

test("an author is told who can decide, and is offered nothing", async () => {
  const review = {
    version: { stage: "in_review", comment: "" },
    reviewers: ["root", "second"],
    may_decide: false,
    why_not: "own-version",
    checklist: [],
  } as unknown as Review;
  await renderAt("/", <Decision of={{ name: "a", version: "1.0.0" }} review={review} />);

  expect(await screen.findByText(/Who can decide: root, second/)).toBeVisible();
  expect(screen.queryByRole("button")).toBeNull();
});

test("lines of a difference carry their numbers in the new file", () => {
  const lines = numbered("@@ -1,3 +4,3 @@\n same\n-old\n+new");

  expect(lines.map((line) => line.number)).toEqual([undefined, 4, undefined, 5]);
});
