import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { ConfirmAct } from "./ConfirmAct";

const given = { act: "Revoke", title: "Revoke billing", consequence: "3 applications lose access" };

test("an act that destroys asks for the name first", async () => {
  const user = userEvent.setup();
  const onConfirm = vi.fn(() => Promise.resolve());
  render(<ConfirmAct {...given} name="billing" onConfirm={onConfirm} />);

  await user.click(screen.getByRole("button", { name: "Revoke" }));
  const dialog = await screen.findByRole("dialog");
  expect(dialog).toHaveTextContent("3 applications lose access");
  const confirm = screen.getAllByRole("button", { name: "Revoke" }).at(-1) as HTMLElement;
  expect(confirm).toBeDisabled();

  await user.type(screen.getByLabelText("Type billing to confirm"), "billing");
  await user.click(confirm);
  expect(onConfirm).toHaveBeenCalledOnce();
});

test("a refusal stays in the dialog, with its reason", async () => {
  const user = userEvent.setup();
  render(<ConfirmAct {...given} onConfirm={() => Promise.reject(new Error("It is in use."))} />);

  await user.click(screen.getByRole("button", { name: "Revoke" }));
  await screen.findByRole("dialog");
  await user.click(screen.getAllByRole("button", { name: "Revoke" }).at(-1) as HTMLElement);

  expect(await screen.findByRole("alert")).toHaveTextContent("It is in use.");
});
