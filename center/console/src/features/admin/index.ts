import type { Feature } from "../../app/feature";

declare module "../../shared/texts" {
  interface Namespaces {
    admin: typeof import("./zh.json");
  }
}

export const feature: Feature = {
  screens: [{ path: "/admin", load: () => import("./AdminPage"), permission: "read:audit" }],
  menu: { label: "admin", path: "/admin", permission: "read:audit" },
};
