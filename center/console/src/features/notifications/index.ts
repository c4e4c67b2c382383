import type { Feature } from "../../app/feature";

declare module "../../shared/texts" {
  interface Namespaces {
    notifications: typeof import("./zh.json");
  }
}

export const feature: Feature = {
  screens: [{ path: "/notifications", load: () => import("./NotificationsPage") }],
  header: { place: "bell", load: () => import("./Bell") },
};
