import { Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { CodeSamples } from "../../shared/contract/CodeSamples";
import { ContractTable } from "../../shared/contract/ContractTable";
import { exampleOf } from "../../shared/contract/example";
import { Snippet } from "../../shared/contract/Snippet";
import style from "./Store.module.css";
import type { Detail } from "./useStore";

type Form = "form" | "json" | "code";
const FORMS: readonly Form[] = ["form", "json", "code"];

/** What callers send and get: as a table, as JSON, and as programs. */
export function ContractTab({ detail }: { detail: Detail }) {
  const { t } = useTranslation("store");
  const [form, setForm] = useState<Form>("form");
  const { manifest } = detail;
  return (
    <>
      <p>
        <Segmented
          aria-label={t("contract.as")}
          value={form}
          onChange={setForm}
          options={FORMS.map((key) => ({ value: key, label: t(`contract.${key}`) }))}
        />
      </p>
      {form === "form" && (
        <>
          <ContractTable title={t("contract.inputs")} tensors={manifest.inputs} />
          <ContractTable title={t("contract.outputs")} tensors={manifest.outputs} />
        </>
      )}
      {form === "json" && <Json text={JSON.stringify(exampleOf(manifest), null, 1)} />}
      {form === "code" && <CodeSamples name={detail.card.name} version={detail.card.version} />}
    </>
  );
}

function Json({ text }: { text: string }) {
  const { t } = useTranslation("store");
  return (
    <section className={style.block}>
      <p className="quiet">{t("contract.example")}</p>
      <Snippet text={text} />
    </section>
  );
}
