import { useQuery } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";

const MOST = 100;
const SHOWN = 8;

/** The capabilities that this person sees, the newest first. */
export function useNewest() {
  return useQuery({
    queryKey: ["capabilities", "newest"],
    queryFn: () => ask(api.GET("/api/v1/capabilities", { params: { query: { limit: MOST } } })),
    select: (page): Schemas["CapabilityView"][] =>
      [...page.items]
        .sort((a, b) => (b.published_at ?? "").localeCompare(a.published_at ?? ""))
        .slice(0, SHOWN),
  });
}
