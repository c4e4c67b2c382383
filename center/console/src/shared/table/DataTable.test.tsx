import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { ApiProblem } from "../../api/problem";
import { renderAt } from "../testing";
import type { Column, PageRequest } from "./columns";
import { DataTable } from "./DataTable";

interface Row {
  name: string;
  calls: number;
}

const columns: Column<Row>[] = [
  { key: "name", title: "Name", render: (r) => r.name, text: (r) => r.name, isSortable: true },
  { key: "calls", title: "Calls", render: (r) => r.calls, text: (r) => r.calls, isHidden: true },
];
const pages: Record<string, { items: Row[]; next: string | null; total: number }> = {
  first: {
    items: [
      { name: "a", calls: 1 },
      { name: "b", calls: 2 },
    ],
    next: "second",
    total: 3,
  },
  second: { items: [{ name: "c", calls: 3 }], next: null, total: 3 },
};

function load({ cursor = "first" }: PageRequest) {
  const page = pages[cursor];
  return page ? Promise.resolve(page) : Promise.reject(new Error(`no page ${cursor}`));
}

const given = { name: "calls", caption: "Calls", columns, queryKey: ["calls"], load };

test("the next page and the order stand in the address, and the way back leads back", async () => {
  const user = userEvent.setup();
  const page = await renderAt("/calls", <DataTable {...given} keyOf={(row) => row.name} />);

  expect(await screen.findByText("1–2 of 3")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Next page" }));
  expect(await screen.findByText("3–3 of 3")).toBeVisible();
  expect(page.address()).toBe("/calls?after=second");

  await user.click(screen.getByRole("button", { name: "Previous page" }));
  expect(await screen.findByText("1–2 of 3")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Name" }));
  expect(page.address()).toBe("/calls?sort=name");
  expect(screen.getByRole("columnheader", { name: /Name/ })).toHaveAttribute(
    "aria-sort",
    "ascending",
  );
});

test("rows are walked, selected and opened by keys", async () => {
  const user = userEvent.setup();
  const onOpen = vi.fn();
  const acts = (rows: Row[]) => <b>end {rows.map((row) => row.name).join()}</b>;
  await renderAt(
    "/calls",
    <DataTable {...given} keyOf={(row) => row.name} onOpen={onOpen} acts={acts} />,
  );
  await screen.findByText("1–2 of 3");

  await user.keyboard("jjx");
  expect(screen.getByText("end b")).toBeVisible();
  await user.keyboard("k{Enter}");
  expect(onOpen).toHaveBeenCalledExactlyOnceWith(pages.first?.items[0]);
});

test("a hidden column is not there until it is chosen", async () => {
  const user = userEvent.setup();
  await renderAt("/calls", <DataTable {...given} keyOf={(row) => row.name} />);
  const table = await screen.findByRole("table");
  expect(within(table).queryByText("Calls", { selector: "th" })).toBeNull();

  await user.click(screen.getByRole("button", { name: "Columns" }));
  await user.click(await screen.findByRole("menuitem", { name: "Calls" }));

  expect(within(table).getByText("Calls", { selector: "th" })).toBeVisible();
});

test("a refusal is shown with its reason, and can be asked again", async () => {
  const refusal = new ApiProblem({ detail: "The cursor is not one of this list." }, 400);
  const refuse = () => Promise.reject(refusal);
  await renderAt("/calls", <DataTable {...given} load={refuse} keyOf={(row) => row.name} />);

  expect(await screen.findByRole("alert")).toHaveTextContent("The cursor is not one of this list.");
  expect(screen.getByRole("button", { name: "Try again" })).toBeEnabled();
});
