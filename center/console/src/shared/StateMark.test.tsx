import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { type State, StateMark, worstFirst } from "./StateMark";

test("a state is said in words beside its shape", () => {
  const { container } = render(<StateMark state="drift" />);

  expect(screen.getByText("Drift")).toBeVisible();
  expect(container.querySelector("[data-shape=drift]")).toHaveAttribute("aria-hidden", "true");
});

test("a bare mark is still read aloud", () => {
  render(<StateMark state="late" isBare />);

  expect(screen.getByText("Late")).toBeInTheDocument();
});

test("what needs a person comes first", () => {
  const states: State[] = ["healthy", "watch", "muted", "quality-down"];

  expect(states.sort(worstFirst)).toEqual(["quality-down", "watch", "healthy", "muted"]);
});
