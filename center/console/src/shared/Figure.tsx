import { useTranslation } from "react-i18next";
import { Age } from "./Age";
import figure from "./Figure.module.css";
import { useNumbers } from "./numbers";

interface Props {
  /** Already formatted, with its unit. */
  value: string;
  /** Of how many observations. */
  n?: number | null | undefined;
  at?: string | Date | null | undefined;
  /** Seconds after which it is older than its schedule. */
  staleAfter?: number;
  /** Where it comes from, in the reader's words. */
  source?: string;
  isEstimated?: boolean;
}

/** A number with what it is worth: age and n beside it, the source on hover; estimates are dashed. */
export function Figure({ value, n, at, staleAfter, source, isEstimated = false }: Props) {
  const { t } = useTranslation("shared");
  const { count } = useNumbers();
  return (
    <span className={figure.figure}>
      <span
        className={isEstimated ? figure.estimated : figure.value}
        data-hint={source === undefined ? undefined : t("figure.source", { source })}
      >
        {value}
        {isEstimated && <small> {t("figure.estimated")}</small>}
      </span>
      {n !== undefined && n !== null && <small> {t("figure.n", { n: count(n) })}</small>}
      {at !== undefined && at !== null && (
        <small>
          {" "}
          <Age at={at} {...(staleAfter === undefined ? {} : { staleAfter })} />
        </small>
      )}
    </span>
  );
}
