import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { Failed, ProviderButton } from "./Provider";

test("who has no role is told whom to ask", async () => {
  render(<Failed code="oidc-no-role" contact="the platform team" />);

  expect(await screen.findByText("You are known, but have no role in Jiuzhou yet")).toBeVisible();
  expect(screen.getByText("Ask the platform team.")).toBeVisible();
});

test("the provider's button leads back to the page that was wanted", async () => {
  render(<ProviderButton provider={{ title: "Keycloak", contact: "" }} back="/store?q=a b" />);

  const button = await screen.findByRole("link", { name: "Sign in with Keycloak" });
  expect(button).toHaveAttribute("href", "/api/v1/oidc/start?back_to=%2Fstore%3Fq%3Da+b");
});
