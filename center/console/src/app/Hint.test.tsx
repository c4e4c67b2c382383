import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { Age } from "../shared/Age";
import { Hint } from "./Hint";

test("the exact time stands beside an age that the keyboard came to, until Escape", async () => {
  const user = userEvent.setup();
  render(
    <>
      <Hint />
      <Age at="2026-11-20T08:00:00Z" />
    </>,
  );

  await user.tab();
  expect(screen.getByRole("tooltip")).toHaveTextContent("2026-11-20 08:00:00 UTC");
  expect(document.activeElement).toHaveAccessibleDescription(/08:00:00 UTC/);

  await user.keyboard("{Escape}");
  expect(screen.queryByRole("tooltip")).not.toBeInTheDocument();
});
