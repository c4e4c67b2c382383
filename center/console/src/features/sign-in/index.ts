import { lazy } from "react";
import type { Feature } from "../../app/feature";

declare module "../../shared/texts" {
  interface Namespaces {
    "sign-in": typeof import("./zh.json");
  }
}

export const SignInForm = lazy(() => import("./SignInForm"));

export const feature: Feature = {
  screens: [
    { path: "/sign-in", load: () => import("./SignInPage"), isOpen: true },
    { path: "/invitation", load: () => import("./InvitationPage"), isOpen: true },
  ],
};
