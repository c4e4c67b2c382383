import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import i18next from "i18next";
import { expect, test } from "vitest";
import { renderAt } from "../../shared/testing";
import { Facets } from "./Facets";
import { useWanted } from "./wanted";

const FACETS = [
  {
    facet: "domain" as const,
    values: [
      { value: "network", count: 12 },
      { value: "ran", count: 3 },
    ],
  },
];

function Narrowed() {
  const { wanted, toggle, setFavourites } = useWanted();
  return <Facets facets={FACETS} wanted={wanted} onToggle={toggle} onFavourites={setFavourites} />;
}

test("what narrows the store stands in the address, and can be taken back", async () => {
  await i18next.loadNamespaces("store");
  const user = userEvent.setup();
  const { address } = await renderAt("/store?domain=network&task=vanished", <Narrowed />);

  expect(await screen.findByRole("checkbox", { name: "Network 12" })).toBeChecked();
  await user.click(screen.getByRole("checkbox", { name: "Radio access 3" }));
  expect(address()).toContain("domain=network%2Cran");
  await user.click(screen.getByRole("checkbox", { name: "vanished 0" }));
  expect(address()).not.toContain("task");
});
