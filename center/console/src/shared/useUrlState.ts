import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

type Texts = Record<string, string | undefined>;

/**
 * State that lives in the address, so that a link opens the same view.
 *
 * @param name - The search parameter.
 * @param fallback - Its value where the address has none; never written into the address.
 * @returns The value, and a setter that keeps every other parameter. Changes replace the entry of
 *   the history, but for `push`.
 */
export function useUrlState(
  name: string,
  fallback = "",
): [string, (value: string, how?: "push" | "replace") => void] {
  const search: Texts = useSearch({ strict: false });
  const change = useUrlChange();
  const set = useCallback(
    (value: string, how: "push" | "replace" = "replace") =>
      change({ [name]: value === fallback ? undefined : value }, how),
    [change, name, fallback],
  );
  return [search[name] ?? fallback, set];
}

/** Change several parameters of the address at once; undefined takes one away. */
export function useUrlChange(): (changes: Texts, how?: "push" | "replace") => void {
  const navigate = useNavigate();
  return useCallback(
    (changes, how = "replace") => {
      void navigate({
        to: ".",
        search: (before: Texts) => ({ ...before, ...changes }),
        replace: how === "replace",
        resetScroll: false,
      });
    },
    [navigate],
  );
}
