import type { Schemas } from "../../api/client";

type Tensor = Schemas["TensorSpec"];
type Value = string | number | boolean;

interface Input {
  name: string;
  datatype: string;
  shape: number[];
  data: unknown[];
}

interface Infer {
  inputs: Input[];
}

const SEPARATOR = /[\s,;]+/;

/** The request in a text; null where the text is none. */
export function read(text: string): Infer | null {
  try {
    const found: unknown = JSON.parse(text);
    const inputs = (found as Partial<Infer> | null)?.inputs;
    return Array.isArray(inputs) ? (found as Infer) : null;
  } catch {
    return null;
  }
}

export function write(request: object): string {
  return JSON.stringify(request, null, 1);
}

/** How many values one row of a tensor has. */
export function width(tensor: Tensor): number {
  return (tensor.shape ?? []).reduce((product, size) => product * Math.max(size, 1), 1);
}

/** An input's values as the form shows them. */
export function shown(text: string, name: string): string {
  const data = read(text)?.inputs.find((input) => input.name === name)?.data ?? [];
  return data.flat(8).join(" ");
}

/** The text with an input's values as somebody wrote them into the form; one row. */
export function changed(text: string, tensor: Tensor, written: string): string {
  const request = read(text) ?? { inputs: [] };
  const single = width(tensor) === 1;
  const words = single ? [written] : written.split(SEPARATOR).filter((word) => word !== "");
  const input: Input = {
    name: tensor.name,
    datatype: tensor.datatype,
    shape: [1, ...(tensor.shape ?? []).map((size) => Math.max(size, 1))],
    data: words.map((word) => parsed(word, tensor)),
  };
  const known = request.inputs.some((other) => other.name === tensor.name);
  const inputs = known
    ? request.inputs.map((other) => (other.name === tensor.name ? input : other))
    : [...request.inputs, input];
  return write({ ...request, inputs });
}

/** Which values of an input are missing, or no numbers; null where all is well. */
export function wrong(text: string, tensor: Tensor): "count" | "number" | null {
  const data =
    read(text)
      ?.inputs.find((input) => input.name === tensor.name)
      ?.data.flat(8) ?? [];
  if (data.length === 0 || data.length % width(tensor) !== 0) return "count";
  const isText = tensor.datatype === "BYTES" || tensor.datatype === "BOOL";
  return isText || data.every((value) => typeof value === "number") ? null : "number";
}

function parsed(word: string, tensor: Tensor): Value {
  if (tensor.datatype === "BYTES") return word;
  if (tensor.datatype === "BOOL") return word === "true" || word === "1";
  const number = Number(word);
  return word.trim() === "" || Number.isNaN(number) ? word : number;
}
