import type { Feature } from "../../app/feature";
import { useWaiting } from "./useReviews";

declare module "../../shared/texts" {
  interface Namespaces {
    reviews: typeof import("./zh.json");
  }
}

export { DifferenceView } from "./DifferenceView";
export { GateReportView } from "./GateReportView";
export { useDifference } from "./useReviews";

export const feature: Feature = {
  screens: [
    { path: "/reviews", load: () => import("./ReviewsPage"), permission: "review:capabilities" },
    {
      path: "/reviews/$name/$version",
      load: () => import("./ReviewPage"),
      permission: "read:store",
    },
  ],
  menu: { label: "reviews", path: "/reviews", permission: "review:capabilities", useWaiting },
};
