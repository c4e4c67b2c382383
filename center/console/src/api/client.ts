import createClient, { type Middleware } from "openapi-fetch";
import { ApiProblem, type Problem } from "./problem";
import type { components, paths } from "./schema";

/** The views that the center shows, by name: `Schemas["MeNow"]`. */
export type Schemas = components["schemas"];
export type Permission = Schemas["Permission"];

/** One page of a list, as every list of the center answers. */
export interface Page<T> {
  items: T[];
  next?: string | null;
  total: number;
}

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/** What a session gives the client: the token of its changes, and whom to tell when it ends. */
interface Gate {
  csrfToken: string | null;
  onExpired: () => void;
}

const gate: Gate = { csrfToken: null, onExpired: () => undefined };

export function openGate(csrfToken: string | null, onExpired: () => void): void {
  gate.csrfToken = csrfToken;
  gate.onExpired = onExpired;
}

const session: Middleware = {
  onRequest({ request }) {
    if (!SAFE.has(request.method) && gate.csrfToken !== null) {
      request.headers.set("X-CSRF-Token", gate.csrfToken);
    }
    return request;
  },
  onResponse({ response }) {
    if (response.status === 401) gate.onExpired();
    return undefined;
  },
};

/** The typed client of the center: paths, parameters and answers come from its OpenAPI document. */
export const api = createClient<paths>({
  baseUrl: window.location.origin,
  // Looked up at each call: a test puts its own in place after this module was loaded.
  fetch: (request) => globalThis.fetch(request),
});
api.use(session);

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/**
 * Wait for an answer of `api` and return its content.
 *
 * @throws {ApiProblem} The center refused, or could not be reached.
 */
export async function ask<T>(pending: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await pending;
  } catch (cause) {
    throw ApiProblem.unreachable(cause);
  }
  if (!answer.response.ok) throw new ApiProblem(answer.error as Problem, answer.response.status);
  return answer.data as T;
}

/** A key that lets the center recognise a creation that is sent again: make one for each form. */
export function newIdempotencyKey(): string {
  return crypto.randomUUID();
}
