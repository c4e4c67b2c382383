/** The kinds of what is found, in the order in which they are shown. */
export const GROUPS = ["capabilities", "acts", "subscriptions", "provinces", "documents"] as const;
export type Group = (typeof GROUPS)[number];

/** Something that was found, and where it leads. */
export interface Hit {
  group: Group;
  /** Unique within its group. */
  key: string;
  text: string;
  detail?: string;
  to: string;
  search?: Record<string, string>;
}

const MOST = 6;

/** Tell whether every word of the question stands somewhere in a text; case does not matter. */
export function matches(question: string, ...texts: string[]): boolean {
  const text = texts.join(" ").toLowerCase();
  return question
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** Order what was found by its kind, a few of each. */
export function grouped(hits: Hit[]): Hit[] {
  return GROUPS.flatMap((group) => hits.filter((hit) => hit.group === group).slice(0, MOST));
}
