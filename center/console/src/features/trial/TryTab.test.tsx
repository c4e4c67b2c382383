import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import i18next from "i18next";
import type { Middleware } from "openapi-fetch";
import { afterEach, beforeEach, expect, test } from "vitest";
import { api } from "../../api/client";
import { renderAt } from "../../shared/testing";
import TryTab from "./TryTab";

const SECRET = "13800138000";
const ALLOWANCE = { daily_calls: 20, remaining: 19, renews_at: "2026-11-21T00:00:00Z" };
const PLACE = {
  province: "zhejiang",
  titles: { zh: "浙江", en: "Zhejiang" },
  versions: ["1.0.0"],
  open: true,
  own: true,
};
const TOKEN = { id: "trial-1", access_token: "the-token", province: "zhejiang", calls: 1 };
const MANIFEST = {
  inputs: [{ name: "phone", datatype: "BYTES", shape: [], description: "A number" }],
  outputs: [{ name: "label", datatype: "INT64", shape: [] }],
};
const OUTPUT = { name: "label", datatype: "INT64", shape: [1], data: [7] };
const PROBLEM = {
  type: "/problems/trials-busy",
  title: "Too many people are trying",
  cure: "Wait as long as Retry-After says.",
  status: 429,
  detail: "Others are trying capabilities here: try again in a moment.",
};

const toCenter: string[] = [];
const toGateway: string[] = [];
let gateway: Server;
let answer = { status: 200, body: {} as object };

/** The center, as the client hears it. */
const center: Middleware = {
  async onRequest({ request }) {
    toCenter.push(`${request.url} ${await request.clone().text()}`);
    const { port } = gateway.address() as AddressInfo;
    const place = { ...PLACE, gateway_url: `http://127.0.0.1:${port}` };
    const path = new URL(request.url).pathname;
    if (path.endsWith("/trial")) return Response.json({ places: [place], allowance: ALLOWANCE });
    if (path.endsWith("/samples")) return Response.json({ items: [] });
    if (path.endsWith("/trial-tokens")) {
      const allowance = { ...ALLOWANCE, remaining: 18 };
      return Response.json({ ...TOKEN, gateway_url: place.gateway_url, allowance });
    }
    return Response.json({ manifest: MANIFEST });
  },
};

beforeEach(async () => {
  await i18next.loadNamespaces("trial");
  api.use(center);
  gateway = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    toGateway.push(`${request.url} ${request.headers.authorization} ${body}`);
    const headers = { "content-type": "application/json", "x-capability-version": "1.0.0" };
    response.writeHead(answer.status, headers).end(JSON.stringify(answer.body));
  }).listen(0, "127.0.0.1");
  await once(gateway, "listening");
});

afterEach(() => {
  api.eject(center);
  gateway.close();
  toCenter.length = 0;
  toGateway.length = 0;
});

async function tryIt(): Promise<void> {
  const user = userEvent.setup();
  await renderAt("/", <TryTab capability="number-check" />);
  const field = await screen.findByLabelText("phone");
  await user.clear(field);
  await user.type(field, SECRET);
  await user.click(screen.getByRole("button", { name: "Try" }));
}

test("somebody's input goes to the gateway, and never to the center", async () => {
  answer = { status: 200, body: { outputs: [OUTPUT] } };
  await tryIt();

  expect(await screen.findByText("7")).toBeVisible();
  expect(screen.getByText("1.0.0")).toBeVisible();
  expect(screen.getByText("18 calls left today / 20")).toBeVisible();
  expect(toGateway).toEqual([
    expect.stringMatching(/^\/v2\/models\/number-check\/infer Bearer the-token .*13800138000/s),
  ]);
  expect(toCenter.join()).not.toContain(SECRET);
});

test("a refusal of the gateway says what to do, and the input stays", async () => {
  answer = { status: 429, body: PROBLEM };
  await tryIt();

  expect(await screen.findByText(/try again in a moment/)).toBeVisible();
  expect(screen.getByText("trials-busy")).toBeVisible();
  expect(screen.getByText(/Wait some seconds, or subscribe/)).toBeVisible();
  expect(screen.getByLabelText("phone")).toHaveValue(SECRET);
});

test("a refusal that this page does not know is told in the words of the answer", async () => {
  answer = { status: 503, body: { ...PROBLEM, type: "/problems/new-cause", status: 503 } };
  await tryIt();

  expect(await screen.findByText("Too many people are trying")).toBeVisible();
  expect(screen.getByText(/Wait as long as Retry-After says/)).toBeVisible();
});
