import type { Schemas } from "../../api/client";

type Tensor = Schemas["TensorSpec"];

/** Rows of a tensor's example: one, since the batch dimension comes first. */
const ROWS = 1;

function elements(tensor: Tensor): number {
  return (tensor.shape ?? []).reduce((product, size) => product * Math.max(size, 1), 1);
}

function value(tensor: Tensor): string | number | boolean {
  const level = tensor.levels?.[0];
  if (tensor.datatype === "BYTES") return level ?? "text";
  if (tensor.datatype === "BOOL") return true;
  return level !== undefined && Number.isFinite(Number(level)) ? Number(level) : 0;
}

/** A request that is right by the contract: one row, each value the first that it may take. */
export function exampleOf(manifest: Schemas["Manifest"]): object {
  return {
    inputs: manifest.inputs.map((tensor) => ({
      name: tensor.name,
      datatype: tensor.datatype,
      shape: [ROWS, ...(tensor.shape ?? []).map((size) => Math.max(size, 1))],
      data: Array.from({ length: elements(tensor) }, () => value(tensor)),
    })),
  };
}
