const PREFIX = "jiuzhou.";

/** Read what a person chose on this device; what is none of the choices is the fallback. */
export function kept<T extends string>(name: string, choices: readonly T[], fallback: T): T {
  const found = localStorage.getItem(PREFIX + name);
  return choices.find((choice) => choice === found) ?? fallback;
}

/** Remember a choice on this device. */
export function keep(name: string, value: string): void {
  localStorage.setItem(PREFIX + name, value);
}

/** Read a list of names that was kept, such as a table's columns; null where none was. */
export function keptList(name: string): string[] | null {
  const found = localStorage.getItem(PREFIX + name);
  return found === null ? null : found.split(",").filter(Boolean);
}
