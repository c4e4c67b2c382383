import { lazy } from "react";
import type { Feature } from "../../app/feature";

declare module "../../shared/texts" {
  interface Namespaces {
    trial: typeof import("./zh.json");
  }
}

/** It has no page of its own. */
export const feature: Feature = { screens: [] };

/** What a capability's page mounts, each loaded when it is shown. */
export interface TrialProps {
  capability: string;
  version?: string | undefined;
  province?: string | undefined;
}

export const TryTab = lazy(() => import("./TryTab"));
export const QualityTab = lazy(() => import("./QualityTab"));
export const FitCard = lazy(() => import("./FitCard"));
