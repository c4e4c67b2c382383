import type { Feature } from "../../app/feature";

declare module "../../shared/texts" {
  interface Namespaces {
    account: typeof import("./zh.json");
  }
}

export const feature: Feature = {
  screens: [{ path: "/account", load: () => import("./AccountPage") }],
};
