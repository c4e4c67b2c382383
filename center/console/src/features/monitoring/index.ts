import type { Feature } from "../../app/feature";

declare module "../../shared/texts" {
  interface Namespaces {
    monitoring: typeof import("./zh.json");
  }
}

export const feature: Feature = {
  screens: [
    {
      path: "/monitoring",
      load: () => import("./BoardPage"),
      permission: "read:monitoring",
    },
    {
      path: "/monitoring/$capability/$province",
      load: () => import("./CellPage"),
      permission: "read:monitoring",
    },
  ],
  menu: { label: "monitoring", path: "/monitoring", permission: "read:monitoring" },
};
