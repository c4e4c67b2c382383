import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import { Scrolled } from "../Scrolled";
import style from "./Contract.module.css";

interface Props {
  title: string;
  tensors: Schemas["TensorSpec"][];
}

/** The tensors of one side of a contract, with units and the values that they may take. */
export function ContractTable({ title, tensors }: Props) {
  const { t } = useTranslation("shared");
  return (
    <section className={style.block}>
      <h2>{title}</h2>
      <Scrolled label={title}>
        <table className={style.table}>
          <thead>
            <tr>
              <th scope="col">{t("contract.name")}</th>
              <th scope="col">{t("contract.type")}</th>
              <th scope="col">{t("contract.shape")}</th>
              <th scope="col">{t("contract.unit")}</th>
              <th scope="col">{t("contract.description")}</th>
            </tr>
          </thead>
          <tbody>
            {tensors.map((tensor) => (
              <tr key={tensor.name}>
                <td>
                  <code>{tensor.name}</code>
                </td>
                <td>{tensor.datatype}</td>
                <td className="figures">[{["n", ...(tensor.shape ?? [])].join(", ")}]</td>
                <td>{tensor.unit || "–"}</td>
                <td>
                  {tensor.description}
                  {tensor.levels != null && (
                    <div className="quiet">
                      {t("contract.levels", { levels: tensor.levels.join(", ") })}
                    </div>
                  )}
                  {tensor.sensitive && <div className="quiet">{t("contract.sensitive")}</div>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolled>
    </section>
  );
}
