import { useQuery } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";
import { useProvince } from "../../shared/useProvince";

const MOST = 500;

/** The subscriptions within reach that stand like this, in the province that is chosen. */
export function useSubscriptions(status: Schemas["Status"]) {
  const [province] = useProvince();
  const scope = province === "" ? {} : { province };
  return useQuery({
    queryKey: ["subscriptions", status, scope],
    queryFn: () =>
      ask(
        api.GET("/api/v1/subscriptions", { params: { query: { status, limit: MOST, ...scope } } }),
      ),
    select: (page) => page.items,
  });
}
