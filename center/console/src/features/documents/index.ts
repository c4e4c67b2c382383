import type { Feature } from "../../app/feature";

declare module "../../shared/texts" {
  interface Namespaces {
    documents: typeof import("./zh.json");
  }
}

export const feature: Feature = {
  screens: [
    { path: "/documents", load: () => import("./HubPage"), permission: "read:store" },
    { path: "/documents/$name", load: () => import("./DocumentPage"), permission: "read:store" },
  ],
  menu: { label: "documents", path: "/documents", permission: "read:store" },
};
