import type { Feature } from "../../app/feature";

declare module "../../shared/texts" {
  interface Namespaces {
    deployments: typeof import("./zh.json");
  }
}

export const feature: Feature = {
  screens: [
    {
      path: "/deployments",
      load: () => import("./DeploymentsPage"),
      permission: "read:deployments",
    },
  ],
  menu: { label: "deployments", path: "/deployments", permission: "read:deployments" },
};
