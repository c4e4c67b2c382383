import type { Feature } from "../../app/feature";

declare module "../../shared/texts" {
  interface Namespaces {
    incidents: typeof import("./zh.json");
  }
}

export const feature: Feature = {
  screens: [
    { path: "/incidents", load: () => import("./IncidentsPage"), permission: "read:incidents" },
    { path: "/incidents/$id", load: () => import("./IncidentPage"), permission: "read:incidents" },
  ],
  menu: { label: "incidents", path: "/incidents", permission: "read:incidents" },
};
