import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import { CopyButton } from "../../shared/CopyButton";
import { useNumbers } from "../../shared/numbers";
import style from "./Trial.module.css";
import type { Tried } from "./useTrial";

const MOST_SHOWN = 32;
const DIGEST = 19;

type Output = Pick<Schemas["TensorSpec"], "name" | "datatype"> & { data?: unknown[] };

/** What came back, from whom, and how long it took as the browser saw it. */
export function Answer({ tried }: { tried: Tried }) {
  const { t } = useTranslation("trial");
  const { figure } = useNumbers();
  const raw = JSON.stringify(tried.body, null, 1);
  const outputs = (tried.body as { outputs?: Output[] } | undefined)?.outputs ?? [];
  return (
    <section aria-live="polite" aria-label={t("answer.title")} className={style.answer}>
      <h3>{t("answer.title")}</h3>
      <table className={style.table}>
        <thead>
          <tr>
            <th scope="col">{t("answer.output")}</th>
            <th scope="col">{t("answer.value")}</th>
          </tr>
        </thead>
        <tbody>
          {outputs.map((output) => (
            <tr key={output.name}>
              <th scope="row">
                {output.name} <small className="quiet">{output.datatype}</small>
              </th>
              <td className="figures">{valuesOf(output.data ?? [])}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <dl className={style.facts}>
        <dt>{t("answer.took")}</dt>
        <dd className="figures">{figure(tried.milliseconds)} ms</dd>
        <dt>{t("answer.version")}</dt>
        <dd className="figures">{tried.version}</dd>
        <Digest name={t("answer.code")} value={tried.codeDigest} />
        <Digest name={t("answer.weights")} value={tried.weightsDigest} />
        <Digest name={t("answer.request")} value={tried.requestId} />
      </dl>
      <details>
        <summary>{t("answer.raw")}</summary>
        <CopyButton text={raw} />
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long answer scrolls by keys too */}
        <pre className={style.code} tabIndex={0}>
          {raw}
        </pre>
      </details>
    </section>
  );
}

function Digest({ name, value }: { name: string; value: string }) {
  if (value === "") return null;
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <code title={value}>{value.slice(0, DIGEST)}</code> <CopyButton text={value} />
      </dd>
    </>
  );
}

function valuesOf(data: unknown[]): string {
  const all = data.flat(8);
  const first = all.slice(0, MOST_SHOWN).map(shortened).join(", ");
  return all.length > MOST_SHOWN ? `${first}, … (${all.length})` : first;
}

function shortened(value: unknown): string {
  return typeof value === "number" && !Number.isInteger(value)
    ? String(Number(value.toPrecision(4)))
    : String(value);
}
