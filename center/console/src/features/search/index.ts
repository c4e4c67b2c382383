import type { Feature } from "../../app/feature";

declare module "../../shared/texts" {
  interface Namespaces {
    search: typeof import("./zh.json");
  }
}

export const feature: Feature = {
  screens: [],
  header: { place: "search", load: () => import("./SearchButton") },
};
