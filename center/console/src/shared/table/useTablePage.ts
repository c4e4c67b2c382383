import { keepPreviousData, type QueryKey, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Page } from "../../api/client";
import { useUrlChange, useUrlState } from "../useUrlState";
import { nextSort, type PageRequest } from "./columns";

const LIMIT = 50;

/** The page of a table that the address names: its rows, its order, and the way to its neighbours. */
export function useTablePage<T>(
  queryKey: QueryKey,
  load: (request: PageRequest) => Promise<Page<T>>,
  prefix = "",
) {
  const [sort] = useUrlState(`${prefix}sort`);
  const [cursor] = useUrlState(`${prefix}after`);
  const change = useUrlChange();
  const [before, setBefore] = useState<{ cursor: string; from: number }[]>([]);
  const [from, setFrom] = useState(1);

  const request: PageRequest = {
    limit: LIMIT,
    ...(cursor === "" ? {} : { cursor }),
    ...(sort === "" ? {} : { sort }),
  };
  const query = useQuery({
    queryKey: [...queryKey, request],
    queryFn: () => load(request),
    placeholderData: keepPreviousData,
  });
  const go = (after: string, first: number) => {
    change({ [`${prefix}after`]: after === "" ? undefined : after }, "push");
    setFrom(first);
  };
  const following = query.data?.next;
  return {
    query,
    sort,
    /** Number of the first row that is shown; not known where somebody came by a link. */
    from: cursor !== "" && before.length === 0 ? null : from,
    toggleSort(key: string) {
      const next = nextSort(sort, key);
      setBefore([]);
      setFrom(1);
      change({ [`${prefix}sort`]: next === "" ? undefined : next, [`${prefix}after`]: undefined });
    },
    next:
      following === null || following === undefined
        ? undefined
        : () => {
            setBefore([...before, { cursor, from }]);
            go(following, from + (query.data?.items.length ?? 0));
          },
    previous:
      cursor === ""
        ? undefined
        : () => {
            const last = before.at(-1) ?? { cursor: "", from: 1 };
            setBefore(before.slice(0, -1));
            go(last.cursor, last.from);
          },
  };
}
