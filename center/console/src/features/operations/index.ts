import type { Feature } from "../../app/feature";

declare module "../../shared/texts" {
  interface Namespaces {
    operations: typeof import("./zh.json");
  }
}

export const feature: Feature = {
  screens: [
    { path: "/operations", load: () => import("./OperationsPage"), permission: "read:usage" },
  ],
  menu: { label: "operations", path: "/operations", permission: "read:usage" },
};
