import type { Cell } from "./useMonitoring";

/** How many calls reached the capability, and what share of them failed; null where none did. */
export function answered(cell: Cell): { calls: number; errors: number | null } {
  const calls = cell.calls - cell.refused;
  return { calls, errors: calls === 0 ? null : (cell.errors - cell.refused) / calls };
}
