import { lazy } from "react";

declare module "../../shared/texts" {
  interface Namespaces {
    trial: typeof import("./zh.json");
  }
}

/** What a capability's page mounts, each loaded when it is shown. */
export interface TrialProps {
  capability: string;
  version?: string | undefined;
  province?: string | undefined;
}

export const TryTab = lazy(() => import("./TryTab"));
export const QualityTab = lazy(() => import("./QualityTab"));
export const FitCard = lazy(() => import("./FitCard"));
