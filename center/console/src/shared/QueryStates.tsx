import { Skeleton } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ErrorPage } from "./pages";

/** As much of a query as its states need. */
export interface Asked<T> {
  data: T | undefined;
  error: Error | null;
  refetch: () => unknown;
}

interface Props<T> {
  query: Asked<T>;
  /** Shown until the first answer; lines of text where it is not given. */
  skeleton?: ReactNode;
  /** Whether an answer holds nothing, and what is then shown: why, and the first act. */
  isEmpty?: (data: T) => boolean;
  empty?: ReactNode;
  children: (data: T) => ReactNode;
}

/** The states of a question to the center, in one order: pending, error or forbidden, empty, data. */
export function QueryStates<T>({ query, skeleton, isEmpty, empty, children }: Props<T>) {
  const { t } = useTranslation("shared");
  const { data, error, refetch } = query;
  if (data === undefined && error !== null) {
    return <ErrorPage error={error} reset={refetch} />;
  }
  if (data === undefined) {
    return (
      <div role="status" aria-label={t("loading")}>
        {skeleton ?? <Skeleton active />}
      </div>
    );
  }
  return isEmpty?.(data) ? empty : children(data);
}
