import type { Feature } from "../../app/feature";
import { useOpenAlarms } from "./useAlarms";

declare module "../../shared/texts" {
  interface Namespaces {
    alarms: typeof import("./zh.json");
  }
}

export const feature: Feature = {
  screens: [{ path: "/alarms", load: () => import("./AlarmsPage"), permission: "read:alarms" }],
  menu: {
    label: "alarms",
    path: "/alarms",
    permission: "read:alarms",
    useWaiting: useOpenAlarms,
  },
};
