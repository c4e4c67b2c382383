import { useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Schemas } from "../../api/client";
import { useProvince } from "../../shared/useProvince";
import { useUrlChange } from "../../shared/useUrlState";

export type FacetName = Schemas["Facet"];
export type SortName = Schemas["Sort"];

export const FACETS: readonly FacetName[] = [
  "domain",
  "task",
  "family",
  "available_in",
  "quality",
  "age",
];
export const SORTS: readonly SortName[] = ["relevance", "quality", "newest", "usage"];

/** What somebody looks for; it stands in the address, the values of a facet with commas between. */
export interface Wanted {
  q: string;
  sort: SortName;
  favourites: boolean;
  province: string;
  facets: Partial<Record<FacetName, string[]>>;
}

type Texts = Record<string, string | undefined>;

export function useWanted() {
  const search: Texts = useSearch({ strict: false });
  const [province] = useProvince();
  const change = useUrlChange();
  const wanted = useMemo(() => read(search, province), [search, province]);
  return {
    wanted,
    setText: (q: string) => change({ q }),
    setSort: (sort: string) => change({ sort: sort === "relevance" ? undefined : sort }),
    setFavourites: (on: boolean) => change({ favourites: on ? "true" : undefined }),
    toggle(facet: FacetName, value: string) {
      const chosen = wanted.facets[facet] ?? [];
      const next = chosen.includes(value)
        ? chosen.filter((item) => item !== value)
        : [...chosen, value];
      change({ [facet]: next.length === 0 ? undefined : next.join(",") }, "push");
    },
    clear: () => change(Object.fromEntries(["q", "favourites", ...FACETS].map((key) => [key, ""]))),
  };
}

function read(search: Texts, province: string): Wanted {
  const facets: Wanted["facets"] = {};
  for (const facet of FACETS) {
    const values = (search[facet] ?? "").split(",").filter(Boolean);
    if (values.length > 0) facets[facet] = values;
  }
  return {
    q: search.q ?? "",
    sort: SORTS.find((sort) => sort === search.sort) ?? "relevance",
    favourites: search.favourites === "true",
    province,
    facets,
  };
}

/** Whether anything narrows the store down. */
export function isNarrowed({ q, favourites, facets }: Wanted): boolean {
  return q !== "" || favourites || Object.keys(facets).length > 0;
}
