import type app from "../app/zh.json";
import type shared from "./zh.json";

/**
 * The texts by namespace. A feature adds its own, so that `t` knows its keys:
 *
 *     declare module "../../shared/texts" {
 *       interface Namespaces { store: typeof import("./zh.json") }
 *     }
 */
export interface Namespaces {
  app: typeof app;
  shared: typeof shared;
}

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "app";
    resources: Namespaces;
    returnNull: false;
  }
}
