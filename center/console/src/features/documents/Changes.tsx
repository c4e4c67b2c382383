import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import style from "./Documents.module.css";
import type { Change } from "./useDocuments";

/** Every change, the breaking ones first, each with the reason for its verdict. */
export function Changes({ difference }: { difference: Schemas["ContractDifference"] }) {
  const { t } = useTranslation("documents");
  if (difference.changes.length === 0) return <p>{t("same")}</p>;
  return (
    <table className={style.table}>
      <caption className="unseen">{t("tab.compare")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("column.impact")}</th>
          <th scope="col">{t("column.field")}</th>
          <th scope="col">{t("column.change")}</th>
          <th scope="col">{t("column.why")}</th>
        </tr>
      </thead>
      <tbody>
        {difference.changes.map((change) => (
          <Row
            key={`${change.side} ${change.name} ${change.member ?? change.kind}`}
            change={change}
          />
        ))}
      </tbody>
    </table>
  );
}

function Row({ change }: { change: Change }) {
  const { t } = useTranslation("documents");
  const what = change.member == null ? t(`kind.${change.kind}`) : change.member;
  return (
    <tr>
      <td data-impact={change.impact} className={style.impact}>
        {t(`impact.${change.impact}`)}
      </td>
      <td>
        <span className="quiet">{t(`side.${change.side}`)}</span> <code>{change.name}</code>
      </td>
      <td>
        {what} {change.kind === "changed" && <Values change={change} />}
      </td>
      <td>{t(`why.${reasonOf(change)}`)}</td>
    </tr>
  );
}

function Values({ change }: { change: Change }) {
  return (
    <span>
      <del>{shown(change.before)}</del> → <ins>{shown(change.after)}</ins>
    </span>
  );
}

function shown(value: unknown): string {
  return typeof value === "string" ? value || "–" : JSON.stringify(value);
}

type Reason =
  | "input-added"
  | "input-removed"
  | "output-added"
  | "output-removed"
  | "meaning"
  | "narrower"
  | "wider"
  | "service-breaking"
  | "no-effect";

/** Why a change breaks callers, or does not. */
export function reasonOf(change: Change): Reason {
  const isBreaking = change.impact === "breaking";
  if (change.side === "service") return isBreaking ? "service-breaking" : "no-effect";
  if (change.kind !== "changed") return `${change.side}-${change.kind}`;
  if (change.member === "datatype" || change.member === "unit") return "meaning";
  if (change.member === "shape" || change.member === "levels") {
    return isBreaking ? "narrower" : "wider";
  }
  return "no-effect";
}
