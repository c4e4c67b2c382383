import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import i18next from "i18next";
import type { Middleware } from "openapi-fetch";
import { afterEach, beforeEach, expect, test } from "vitest";
import { api } from "../../api/client";
import { renderAt } from "../../shared/testing";
import { Plans } from "./Plans";

const PLAN = {
  name: "trial",
  titles: { zh: "试用", en: "Trial" },
  approval: "self",
  daily_quota: 1000,
  rate_per_second: 0.5,
  concurrency: 4,
  longest_days: 30,
  price_label: "",
  is_open: true,
  revision: 3,
  subscriptions: 7,
};
const asked: Request[] = [];

/** The center, as the client hears it. */
const center: Middleware = {
  onRequest({ request }) {
    asked.push(request.clone());
    if (request.method === "GET") return Response.json({ items: [PLAN], total: 1 });
    const problem = { type: "/problems/precondition-failed", detail: "It has changed." };
    return Response.json({ ...problem, status: 412 }, { status: 412 });
  },
};

beforeEach(async () => {
  await i18next.loadNamespaces("admin");
  api.use(center);
});
afterEach(() => {
  api.eject(center);
  asked.length = 0;
});

test("closing a plan says what it means for who subscribed, and overwrites nobody's change", async () => {
  const user = userEvent.setup();
  await renderAt("/", <Plans />);

  expect(await screen.findByRole("link", { name: "7" })).toHaveAttribute(
    "href",
    "/subscriptions?plan=trial",
  );
  expect(screen.getByText("0.5")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Close" }));
  expect(await screen.findByText(/7 subscriptions go on with their terms/)).toBeInTheDocument();
  await user.click(screen.getAllByRole("button", { name: "Close" }).at(-1) as HTMLElement);

  expect(await screen.findByText(/It has changed/)).toBeInTheDocument();
  const put = asked.at(-1) as Request;
  expect([put.method, put.headers.get("if-match")]).toEqual(["PUT", '"3"']);
  expect(await put.json()).toMatchObject({ is_open: false, daily_quota: 1000, longest_days: 30 });
});
