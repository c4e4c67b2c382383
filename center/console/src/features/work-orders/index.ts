import type { Feature } from "../../app/feature";
import { useWaiting } from "./useWorkOrders";

declare module "../../shared/texts" {
  interface Namespaces {
    "work-orders": typeof import("./zh.json");
  }
}

export const feature: Feature = {
  screens: [
    {
      path: "/work-orders",
      load: () => import("./WorkOrdersPage"),
      permission: "use:work-orders",
    },
  ],
  menu: {
    label: "work-orders",
    path: "/work-orders",
    permission: "use:work-orders",
    useWaiting,
  },
};
