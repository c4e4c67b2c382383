import type { QueryClient } from "@tanstack/react-query";
import {
  type AnyRoute,
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
} from "@tanstack/react-router";
import i18next from "i18next";
import { type FunctionComponent, type ReactNode, Suspense } from "react";
import { PageSkeleton } from "../shared/PageSkeleton";
import { ErrorPage, ForbiddenPage, NotFoundPage } from "../shared/pages";
import { Frame } from "./Frame";
import { features, type Screen } from "./feature";
import { parseSearch, stringifySearch } from "./search";
import { useSession, whoIsHere } from "./session";

interface Context {
  queries: QueryClient;
}

const root = createRootRouteWithContext<Context>()({
  component: Outlet,
  notFoundComponent: NotFoundPage,
  errorComponent: ErrorPage,
});
const frame = createRoute({
  getParentRoute: () => root,
  id: "frame",
  component: Frame,
  // Asked while the page's code is on its way; whoever is a stranger learns it from the frame.
  loader: ({ context }) => void context.queries.prefetchQuery(whoIsHere),
});

/** How long the page before stays while the next one is fetched; then a skeleton takes its place. */
const PATIENCE_MS = 150;
const patience = () => new Promise((done) => setTimeout(done, PATIENCE_MS));

function toRoute(feature: string, screen: Screen): AnyRoute {
  const Page = lazyRouteComponent<{ default: FunctionComponent }, "default">(screen.load);
  const { permission } = screen;
  return createRoute({
    getParentRoute: () => (screen.isOpen ? root : frame),
    path: screen.path,
    component: () => (
      <Suspense fallback={<PageSkeleton />}>
        {permission === undefined ? (
          <Page />
        ) : (
          <Guarded permission={permission}>
            <Page />
          </Guarded>
        )}
      </Suspense>
    ),
    errorComponent: ErrorPage,
    // Its texts with its code: a page that waited for each in turn would be held up twice.
    loader: () =>
      Promise.race([Promise.all([Page.preload?.(), i18next.loadNamespaces(feature)]), patience()]),
  });
}

interface GuardedProps {
  permission: NonNullable<Screen["permission"]>;
  children: ReactNode;
}

function Guarded({ permission, children }: GuardedProps) {
  const { may } = useSession();
  return may(permission) ? children : <ForbiddenPage needed={permission} />;
}

function screensOf(isOpen: boolean): AnyRoute[] {
  return [...features].flatMap(([name, { screens }]) =>
    screens
      .filter((screen) => (screen.isOpen ?? false) === isOpen)
      .map((screen) => toRoute(name, screen)),
  );
}

/** The router over every feature's screens; a search parameter is text, exactly as in the URL. */
export function makeRouter(queries: QueryClient) {
  const tree = root.addChildren([
    ...screensOf(true),
    frame.addChildren([...screensOf(false), missing()]),
  ]);
  return createRouter({
    routeTree: tree,
    context: { queries },
    defaultPreload: "intent",
    // As soon as a link is pointed at or focused.
    defaultPreloadDelay: 0,
    scrollRestoration: true,
    parseSearch,
    stringifySearch,
  });
}

/** Every other address, inside the frame, so that the menu stays within reach. */
function missing(): AnyRoute {
  return createRoute({ getParentRoute: () => frame, path: "$", component: NotFoundPage });
}
