import { useCapabilities } from "../../shared/useNames";

const SHOWN = 8;

/** The capabilities that this person sees, the newest first. */
export function useNewest() {
  const query = useCapabilities();
  const data = query.data
    ?.toSorted((a, b) => (b.published_at ?? "").localeCompare(a.published_at ?? ""))
    .slice(0, SHOWN);
  return { ...query, data };
}
