import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import { CopyButton } from "../../shared/CopyButton";
import { QueryStates } from "../../shared/QueryStates";
import style from "./Deployments.module.css";
import { TickMark } from "./ticks";
import { type Place, useParts } from "./useDeployments";

const SHOWN = "sha256:".length + 12;

/** The five digests of each version: what they should be, and what the edge read from its disk. */
export function Parts({ place }: { place: Place }) {
  const query = useParts(place);
  return (
    <QueryStates query={query}>
      {(found) => (
        <>
          {found.items.map((line) => (
            <Version key={line.version} line={line} />
          ))}
        </>
      )}
    </QueryStates>
  );
}

function Version({ line }: { line: Schemas["ConsistencyView"] }) {
  const { t } = useTranslation("deployments");
  const age = line.age_seconds ?? null;
  const minutes = Math.floor((age ?? 0) / 60);
  return (
    <section aria-label={line.version}>
      <h3>
        {line.version} · {t(`verdict.${line.verdict}`)} ·{" "}
        {t("ready", { ready: line.reported.ready, wanted: line.desired?.replicas ?? 0 })}
      </h3>
      <p className={style.quiet}>
        {age === null ? t("age.never") : t("age.minutes", { count: minutes })}
      </p>
      <table className={style.table}>
        <thead>
          <tr>
            <th scope="col">{t("part.label")}</th>
            <th scope="col">{t("tick.label")}</th>
            <th scope="col">{t("desired")}</th>
            <th scope="col">{t("actual")}</th>
          </tr>
        </thead>
        <tbody>
          {line.parts.map((part) => (
            <tr key={part.part}>
              <td>{t(`part.${part.part}`)}</td>
              <td>
                <TickMark part={part.part} tick={part.tick} />
              </td>
              <td>
                <Digest text={part.desired ?? null} />
              </td>
              <td>
                <Digest text={part.actual ?? null} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Digest({ text }: { text: string | null }) {
  if (text === null) return "–";
  return (
    <>
      <code>{text.slice("sha256:".length, SHOWN)}</code> <CopyButton text={text} />
    </>
  );
}
