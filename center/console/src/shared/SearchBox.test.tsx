import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { SearchBox } from "./SearchBox";
import { renderAt } from "./testing";
import { useUrlState } from "./useUrlState";

function Searched() {
  const [q, setQ] = useUrlState("q");
  return (
    <>
      <SearchBox text={q} label="Search" onChange={setQ} />
      <button type="button" onClick={() => setQ("")}>
        Clear everything
      </button>
    </>
  );
}

test("what is typed reaches the address while the box keeps the focus", async () => {
  const user = userEvent.setup();
  const { address } = await renderAt("/store", <Searched />);
  const box = await screen.findByRole("searchbox", { name: "Search" });

  await user.type(box, "a");
  await waitFor(() => expect(address()).toBe("/store?q=a"));
  await user.keyboard("larm");
  await waitFor(() => expect(address()).toBe("/store?q=alarm"));
  expect(box).toHaveFocus();

  await user.click(screen.getByRole("button", { name: "Clear everything" }));
  await waitFor(() => expect(box).toHaveValue(""));
});
