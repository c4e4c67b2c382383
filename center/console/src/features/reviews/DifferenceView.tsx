import { useTranslation } from "react-i18next";
import { StateMark } from "../../shared/StateMark";
import { FigureTable } from "./FigureTable";
import { FileDiff } from "./FileDiff";
import style from "./Reviews.module.css";
import { SpreadChart } from "./SpreadChart";
import type { Difference, Of } from "./useReviews";

interface Props {
  difference: Difference;
  /** Where lines can be commented on; without it they are only shown. */
  of?: Of;
}

/** Everything that is different between two versions, in the order in which it breaks something. */
export function DifferenceView({ difference, of }: Props) {
  const { t } = useTranslation("reviews");
  const { before, after, contract, distribution, files, samples } = difference;
  return (
    <>
      <h2>{t("from-to", { before, after })}</h2>
      <Contract changes={contract.changes} />
      <Weights {...difference} />
      <FigureTable title={t("resources")} figures={difference.resources} />
      <FigureTable title={t("quality")} figures={difference.quality} />
      {samples && samples.length > 0 && <Samples samples={samples} />}
      {distribution.length > 0 && (
        <section className={style.part}>
          <h3>{t("distribution")}</h3>
          {distribution.slice(0, 4).map((spread) => (
            <SpreadChart key={spread.column} spread={spread} before={before} after={after} />
          ))}
        </section>
      )}
      <section className={style.part}>
        <h3>{t("files")}</h3>
        {files == null && <p className="quiet">{t("files-hidden")}</p>}
        {files?.length === 0 && <p className="quiet">{t("files-same")}</p>}
        {files?.map((file) => (
          <FileDiff key={file.path} file={file} {...(of && { of })} />
        ))}
      </section>
    </>
  );
}

function Contract({ changes }: { changes: Difference["contract"]["changes"] }) {
  const { t } = useTranslation("reviews");
  return (
    <section className={style.part}>
      <h3>{t("contract")}</h3>
      {changes.length === 0 && <p className="quiet">{t("contract-same")}</p>}
      {changes.length > 0 && (
        <table className={style.table}>
          <caption className="unseen">{t("contract")}</caption>
          <thead>
            <tr>
              {(["impact", "place", "before", "after"] as const).map((name) => (
                <th key={name} scope="col">
                  {t(`head.${name}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {changes.map((change) => (
              <tr key={`${change.side} ${change.name} ${change.member ?? change.kind}`}>
                <td>
                  <StateMark
                    state={change.impact === "breaking" ? "quality-down" : "healthy"}
                    text={t(`impact.${change.impact}`)}
                  />
                </td>
                <td>
                  {t(`side.${change.side}`)} <code>{change.name}</code>{" "}
                  {change.member ?? t(`kind.${change.kind}`)}
                </td>
                <td>
                  <code>{shown(change.before)}</code>
                </td>
                <td>
                  <code>{shown(change.after)}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Weights(difference: Difference) {
  const { t } = useTranslation("reviews");
  const { digests_before: before, digests_after: after } = difference;
  const kilobytes = (bytes: number) => `${(bytes / 1024).toFixed(0)} KiB`;
  const rows = (["code", "weights"] as const).map((part) => ({
    part,
    isSame: before[part] === after[part],
  }));
  return (
    <section className={style.part}>
      <h3>{t("content")}</h3>
      <ul>
        {rows.map(({ part, isSame }) => (
          <li key={part}>
            {t(`part.${part}`)}: {t(isSame ? "same" : "other")}{" "}
            {!isSame && <code>{`${after[part].slice(0, 19)}…`}</code>}
          </li>
        ))}
        <li>
          {t("size", {
            before: kilobytes(difference.archive_bytes_before),
            after: kilobytes(difference.archive_bytes_after),
          })}
        </li>
      </ul>
    </section>
  );
}

function Samples({ samples }: { samples: NonNullable<Difference["samples"]> }) {
  const { t } = useTranslation("reviews");
  return (
    <section className={style.part}>
      <h3>{t("samples")}</h3>
      {samples.map((sample) => (
        <p key={sample.name}>
          <code>{sample.name}</code>: <code>{sample.before}</code> → <code>{sample.after}</code>
        </p>
      ))}
    </section>
  );
}

function shown(value: unknown): string {
  if (value === undefined || value === null || value === "") return "–";
  return typeof value === "string" ? value : JSON.stringify(value);
}
