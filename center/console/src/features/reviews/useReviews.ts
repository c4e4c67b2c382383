import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, newIdempotencyKey, type Schemas } from "../../api/client";
import { useSession } from "../../app/session";

export type Review = Schemas["ReviewView"];
export type Difference = Schemas["VersionDifference"];
export type Report = Schemas["GateReport"];

/** A version of a capability. */
export interface Of {
  name: string;
  version: string;
}

const MOST = 200;

/** How many versions wait for this person's decision. */
export function useWaiting(): number | undefined {
  const { may } = useSession();
  const query = useQuery({
    queryKey: ["reviews", "count"],
    queryFn: () => ask(api.GET("/api/v1/reviews", { params: { query: { limit: 1 } } })),
    enabled: may("review:capabilities"),
    select: (page) => page.total,
  });
  return query.data;
}

export function useReview(path: Of) {
  return useQuery({
    queryKey: ["reviews", path, "state"],
    queryFn: () =>
      ask(api.GET("/api/v1/capabilities/{name}/versions/{version}/review", { params: { path } })),
  });
}

/** What is different from the live version, or from another one. */
export function useDifference(path: Of, against?: string) {
  return useQuery({
    queryKey: ["reviews", path, "difference", against],
    queryFn: () =>
      ask(
        api.GET("/api/v1/capabilities/{name}/versions/{version}/difference", {
          params: { path, query: against === undefined ? {} : { against } },
        }),
      ),
    retry: false,
  });
}

export function useReport(path: Of) {
  return useQuery({
    queryKey: ["reviews", path, "report"],
    queryFn: () =>
      ask(
        api.GET("/api/v1/capabilities/{name}/versions/{version}/gate-report", { params: { path } }),
      ),
    // Who asks for JSON gets it; the page is for browsers.
    select: (report) => report as Report,
  });
}

export function useComments(path: Of) {
  return useQuery({
    queryKey: ["reviews", path, "comments"],
    queryFn: () =>
      ask(
        api.GET("/api/v1/capabilities/{name}/versions/{version}/review-comments", {
          params: { path, query: { limit: MOST } },
        }),
      ),
    select: (page) => page.items,
  });
}

/** What a reviewer does with a version; the review is looked at anew after each act. */
export function useReviewActs(path: Of) {
  const queries = useQueryClient();
  const { mutateAsync } = useMutation({
    mutationFn: (act: () => Promise<unknown>) => act(),
    onSettled: () => queries.invalidateQueries({ queryKey: ["reviews"] }),
  });
  const one = "/api/v1/capabilities/{name}/versions/{version}";
  return {
    tick: (item: string, isTicked: boolean) =>
      mutateAsync(() => {
        const params = { path: { ...path, item } };
        return isTicked
          ? ask(api.PUT(`${one}/checklist/{item}`, { params }))
          : ask(api.DELETE(`${one}/checklist/{item}`, { params }));
      }),
    comment: (body: Partial<Schemas["ReviewCommentBody"]> & { body: string }) =>
      mutateAsync(() => {
        const params = { path, header: { "idempotency-key": newIdempotencyKey() } };
        return ask(
          api.POST(`${one}/review-comments`, { params, body: { anchor: "version", ...body } }),
        );
      }),
    approve: (body: Schemas["Approval"]) =>
      mutateAsync(() => ask(api.POST(`${one}:approve`, { params: { path }, body }))),
    sendBack: (comment: string) =>
      mutateAsync(() => ask(api.POST(`${one}:return`, { params: { path }, body: { comment } }))),
  };
}
