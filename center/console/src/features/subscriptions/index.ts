import type { Feature } from "../../app/feature";
import { useWaiting } from "./useSubscriptions";

declare module "../../shared/texts" {
  interface Namespaces {
    subscriptions: typeof import("./zh.json");
  }
}

export const feature: Feature = {
  screens: [
    {
      path: "/subscriptions",
      load: () => import("./SubscriptionsPage"),
      permission: "read:subscriptions",
    },
    {
      path: "/subscriptions/new",
      load: () => import("./RequestPage"),
      permission: "request:subscriptions",
    },
    {
      path: "/subscriptions/$id",
      load: () => import("./SubscriptionPage"),
      permission: "read:subscriptions",
    },
  ],
  menu: {
    label: "subscriptions",
    path: "/subscriptions",
    permission: "read:subscriptions",
    useWaiting,
  },
};
