import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, newIdempotencyKey, type Schemas } from "../../api/client";

export type NoteKind = Schemas["NoteKind"];
export type Comment = Schemas["ThreadComment"];

const at = (name: string) => ({ params: { path: { name } } });

export function useNotes(name: string) {
  return useQuery({
    queryKey: ["discussion", name, "notes"],
    queryFn: () => ask(api.GET("/api/v1/capabilities/{name}/notes", at(name))),
  });
}

export function useNoteHistory(name: string, kind: NoteKind, isWanted: boolean) {
  return useQuery({
    queryKey: ["discussion", name, "notes", kind],
    enabled: isWanted,
    queryFn: () =>
      ask(
        api.GET("/api/v1/capabilities/{name}/notes/{kind}/revisions", {
          params: { path: { name, kind } },
        }),
      ),
  });
}

export function useRatings(name: string) {
  return useQuery({
    queryKey: ["discussion", name, "rating"],
    queryFn: () => ask(api.GET("/api/v1/capabilities/{name}/rating", at(name))),
  });
}

export function useRatingTexts(name: string) {
  return useQuery({
    queryKey: ["discussion", name, "ratings"],
    queryFn: () => ask(api.GET("/api/v1/capabilities/{name}/ratings", at(name))),
  });
}

export function useComments(name: string) {
  return useInfiniteQuery({
    queryKey: ["discussion", name, "comments"],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      ask(
        api.GET("/api/v1/capabilities/{name}/comments", {
          params: {
            path: { name },
            query: pageParam === undefined ? {} : { cursor: pageParam },
          },
        }),
      ),
    getNextPageParam: (page) => page.next ?? undefined,
  });
}

/** What people do in a discussion; each act shows its outcome when the center has answered. */
export function useDiscussionActs(name: string) {
  const queries = useQueryClient();
  const onSuccess = async () => {
    await queries.invalidateQueries({ queryKey: ["discussion", name] });
    await queries.invalidateQueries({ queryKey: ["store", "one", name] });
  };
  return {
    rate: useMutation({
      mutationFn: (body: Schemas["RatingBody"]) =>
        ask(api.PUT("/api/v1/capabilities/{name}/rating", { ...at(name), body })),
      onSuccess,
    }),
    say: useMutation({
      mutationFn: (body: Schemas["NewComment"]) =>
        ask(
          api.POST("/api/v1/capabilities/{name}/comments", {
            params: { path: { name }, header: { "idempotency-key": newIdempotencyKey() } },
            body,
          }),
        ),
      onSuccess,
    }),
    edit: useMutation({
      mutationFn: ({ comment, text }: { comment: Comment; text: string }) =>
        ask(
          api.PUT("/api/v1/comments/{comment}", {
            params: {
              path: { comment: comment.id },
              header: { "If-Match": `"${comment.revision}"` },
            },
            body: { text },
          }),
        ),
      onSuccess,
    }),
    remove: useMutation({
      mutationFn: (comment: string) =>
        ask(api.DELETE("/api/v1/comments/{comment}", { params: { path: { comment } } })),
      onSuccess,
    }),
    hide: useMutation({
      mutationFn: ({ comment, reason }: { comment: string; reason: string }) =>
        ask(
          api.POST("/api/v1/comments/{comment}:hide", {
            params: { path: { comment } },
            body: { reason },
          }),
        ),
      onSuccess,
    }),
    show: useMutation({
      mutationFn: (comment: string) =>
        ask(api.POST("/api/v1/comments/{comment}:show", { params: { path: { comment } } })),
      onSuccess,
    }),
    write: useMutation({
      mutationFn: ({ kind, text, was }: { kind: NoteKind; text: string; was: number }) =>
        ask(
          api.PUT("/api/v1/capabilities/{name}/notes/{kind}", {
            params: { path: { name, kind }, header: { "If-Match": `"${was}"` } },
            body: { text },
          }),
        ),
      onSuccess,
    }),
  };
}
