import { useState } from "react";
import { keep, kept, keptList } from "../kept";
import type { Column, Density } from "./columns";

const DENSITIES: readonly Density[] = ["roomy", "tight"];

export interface Look<T> {
  shown: Column<T>[];
  density: Density;
  setShown: (keys: string[]) => void;
  setDensity: (density: Density) => void;
}

/** Which columns a table shows and how densely; remembered on this device. */
export function useLook<T>(name: string, columns: Column<T>[]): Look<T> {
  const [keys, setKeys] = useState(() => keptList(`${name}.columns`));
  const [density, setDensity] = useState(() => kept("density", DENSITIES, "roomy"));
  const wanted = columns.filter((column) => keys?.includes(column.key) ?? !column.isHidden);
  return {
    shown: wanted.length > 0 ? wanted : columns,
    density,
    setShown(next) {
      keep(`${name}.columns`, next.join(","));
      setKeys(next);
    },
    setDensity(next) {
      keep("density", next);
      setDensity(next);
    },
  };
}
