import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import style from "./Documents.module.css";
import type { Change } from "./useDocuments";

type Manifest = Schemas["Manifest"];
type Tensor = Schemas["TensorSpec"];

interface Props {
  before: Manifest;
  after: Manifest;
  changes: Change[];
}

/** Old and new, tensor beside tensor. */
export function SideBySide({ before, after, changes }: Props) {
  const { t } = useTranslation("documents");
  const moved = new Set(changes.map((change) => `${change.side} ${change.name}`));
  return (
    <table className={style.table}>
      <caption className={style.caption}>{t("side-by-side")}</caption>
      <thead>
        <tr>
          <th scope="col">{before.version}</th>
          <th scope="col">{after.version}</th>
        </tr>
      </thead>
      {(["input", "output"] as const).map((side) => (
        <tbody key={side}>
          <tr>
            <th scope="colgroup" colSpan={2}>
              {t(`${side}s`)}
            </th>
          </tr>
          {paired(before[`${side}s`], after[`${side}s`]).map(([old, latest]) => {
            const name = (latest ?? old)?.name ?? "";
            return (
              <tr key={name} data-moved={moved.has(`${side} ${name}`)} className={style.pairRow}>
                <td>{old === undefined ? "–" : <Said tensor={old} />}</td>
                <td>{latest === undefined ? "–" : <Said tensor={latest} />}</td>
              </tr>
            );
          })}
        </tbody>
      ))}
    </table>
  );
}

function paired(old: Tensor[], latest: Tensor[]): [Tensor | undefined, Tensor | undefined][] {
  const byName = new Map(latest.map((tensor) => [tensor.name, tensor]));
  const known = new Set(old.map((tensor) => tensor.name));
  const kept = old.map((tensor): [Tensor, Tensor | undefined] => [tensor, byName.get(tensor.name)]);
  const added = latest.filter((tensor) => !known.has(tensor.name));
  return [...kept, ...added.map((tensor): [undefined, Tensor] => [undefined, tensor])];
}

function Said({ tensor }: { tensor: Tensor }) {
  return (
    <>
      <code>{tensor.name}</code> {tensor.datatype} [{["n", ...(tensor.shape ?? [])].join(", ")}]{" "}
      {tensor.unit}
      <div className="quiet">{tensor.description}</div>
      {tensor.levels != null && <div className="quiet">{tensor.levels.join(", ")}</div>}
    </>
  );
}
