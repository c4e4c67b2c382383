import type { Feature } from "../../app/feature";

declare module "../../shared/texts" {
  interface Namespaces {
    help: typeof import("./zh.json");
  }
}

export const feature: Feature = {
  screens: [],
  header: { place: "help", load: () => import("./Help") },
};
