import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { type RenderResult, render } from "@testing-library/react";
import { App } from "antd";
import type { ReactNode } from "react";
import { parseSearch, stringifySearch } from "../app/search";
import { GivenSession, type Session } from "../app/session";

/** Somebody who may do everything, for tests of what a page shows. */
export const ADMIN: Session = {
  user: { name: "wang", role: "admin", organisation: "center" },
  may: () => true,
  isExpired: false,
  renew: () => undefined,
};

/** Render a part of a page at an address, with a session, and questions that are asked once. */
export async function renderAt(
  address: string,
  part: ReactNode,
  session: Session = ADMIN,
): Promise<RenderResult & { address: () => string }> {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const history = createMemoryHistory({ initialEntries: [address] });
  const root = createRootRoute();
  const anywhere = createRoute({ getParentRoute: () => root, path: "$", component: () => part });
  const router = createRouter({
    routeTree: root.addChildren([anywhere]),
    history,
    parseSearch,
    stringifySearch,
  });
  await router.load();
  const shown = render(
    <QueryClientProvider client={queries}>
      <App>
        <GivenSession session={session}>
          <RouterProvider router={router} />
        </GivenSession>
      </App>
    </QueryClientProvider>,
  );
  return { ...shown, address: () => history.location.href };
}
