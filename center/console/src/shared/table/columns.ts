import type { ReactNode } from "react";

/** A column of a table. */
export interface Column<T> {
  /** Its name in the address and in what is kept; the name the center sorts by, where it does. */
  key: string;
  title: string;
  render: (row: T) => ReactNode;
  /** What the CSV holds. */
  text: (row: T) => string | number | null | undefined;
  isSortable?: boolean;
  /** Aligns to the right, with tabular figures. */
  isNumber?: boolean;
  /** Not shown until somebody chooses it. */
  isHidden?: boolean;
}

/** What a table asks the center for. */
export interface PageRequest {
  limit: number;
  cursor?: string;
  /** Key of a column, with a minus before it for the largest first. */
  sort?: string;
}

export type Density = "roomy" | "tight";

/** The order after a click on a column: up, down, none. */
export function nextSort(sort: string, key: string): string {
  if (sort === key) return `-${key}`;
  return sort === `-${key}` ? "" : key;
}

export function ariaSort(sort: string, key: string): "ascending" | "descending" | undefined {
  if (sort === key) return "ascending";
  return sort === `-${key}` ? "descending" : undefined;
}
