import type { Feature } from "../../app/feature";

export { useWords } from "./useWords";

declare module "../../shared/texts" {
  interface Namespaces {
    store: typeof import("./zh.json");
  }
}

export const feature: Feature = {
  screens: [
    { path: "/store", load: () => import("./StorePage"), permission: "read:store" },
    { path: "/store/$name", load: () => import("./CapabilityPage"), permission: "read:store" },
  ],
  menu: { label: "store", path: "/store", permission: "read:store" },
};
