import type { Feature } from "../../app/feature";

declare module "../../shared/texts" {
  interface Namespaces {
    home: typeof import("./zh.json");
  }
}

export const feature: Feature = {
  screens: [{ path: "/", load: () => import("./HomePage") }],
  menu: { label: "home", path: "/" },
};
