import type { Feature } from "../../app/feature";

declare module "../../shared/texts" {
  interface Namespaces {
    mine: typeof import("./zh.json");
  }
}

export const feature: Feature = {
  screens: [
    { path: "/mine", load: () => import("./MinePage"), permission: "publish:capabilities" },
    {
      path: "/mine/$name/$version",
      load: () => import("./VersionPage"),
      permission: "publish:capabilities",
    },
  ],
  menu: { label: "mine", path: "/mine", permission: "publish:capabilities" },
};
