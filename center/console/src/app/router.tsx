import {
  type AnyRoute,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
} from "@tanstack/react-router";
import { type FunctionComponent, type ReactNode, Suspense } from "react";
import { PageSkeleton } from "../shared/PageSkeleton";
import { ErrorPage, ForbiddenPage, NotFoundPage } from "../shared/pages";
import { Frame } from "./Frame";
import { type Feature, features, type Screen } from "./feature";
import { parseSearch, stringifySearch } from "./search";
import { useSession } from "./session";

const root = createRootRoute({
  component: Outlet,
  notFoundComponent: NotFoundPage,
  errorComponent: ErrorPage,
});
const frame = createRoute({ getParentRoute: () => root, id: "frame", component: Frame });

function toRoute(screen: Screen): AnyRoute {
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
    pendingComponent: PageSkeleton,
    errorComponent: ErrorPage,
    loader: () => Page.preload?.(),
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

function screensOf(all: Iterable<Feature>, isOpen: boolean): AnyRoute[] {
  return [...all]
    .flatMap((feature) => feature.screens)
    .filter((screen) => (screen.isOpen ?? false) === isOpen)
    .map(toRoute);
}

/** The router over every feature's screens; a search parameter is text, exactly as in the URL. */
export function makeRouter() {
  const all = [...features.values()];
  const tree = root.addChildren([
    ...screensOf(all, true),
    frame.addChildren([...screensOf(all, false), missing()]),
  ]);
  return createRouter({
    routeTree: tree,
    defaultPreload: "intent",
    defaultPendingMs: 100,
    scrollRestoration: true,
    parseSearch,
    stringifySearch,
  });
}

/** Every other address, inside the frame, so that the menu stays within reach. */
function missing(): AnyRoute {
  return createRoute({ getParentRoute: () => frame, path: "$", component: NotFoundPage });
}
