import type { FunctionComponent } from "react";
import type { Permission } from "../api/client";
import type menu from "./zh.json";

/** A page of a feature; loaded when somebody goes there. */
export interface Screen {
  /** Such as `/store/$name`. */
  path: string;
  /** Returns the module whose default export is the page. */
  load: () => Promise<{ default: FunctionComponent }>;
  /** What it needs beyond being signed in; without it the forbidden page is shown. */
  permission?: Permission;
  /** Whether strangers may see it, outside of the frame: sign-in alone. */
  isOpen?: boolean;
}

export interface MenuEntry {
  /** Which label and place of the menu; its words stand in app/zh.json and app/en.json. */
  label: keyof (typeof menu)["menu"];
  path: string;
  permission?: Permission;
  /** How many things wait for this person here; a hook. */
  useWaiting?: () => number | undefined;
}

/** A part of the header; it comes after the page, and never holds it up. */
export interface HeaderPart {
  place: "search" | "bell" | "help";
  load: () => Promise<{ default: FunctionComponent }>;
}

/** What a feature's index.ts exports as `feature`; the router and the menu find it by its folder. */
export interface Feature {
  screens: Screen[];
  menu?: MenuEntry;
  header?: HeaderPart;
}

/** A folder that only lends parts to others, such as a tab, exports no feature. */
const found = import.meta.glob<{ feature?: Feature }>("../features/*/index.ts", { eager: true });

/** Every feature, by folder name. */
export const features: ReadonlyMap<string, Feature> = new Map(
  Object.entries(found).flatMap(([path, { feature }]) =>
    feature === undefined ? [] : [[path.split("/")[2] ?? path, feature] as const],
  ),
);

/** Whether some feature brings a page: links to one that none brings are not shown. */
export function hasScreen(path: string): boolean {
  return [...features.values()].some(({ screens }) =>
    screens.some((screen) => screen.path === path),
  );
}
