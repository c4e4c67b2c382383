import type { CSSProperties } from "react";
import { useTranslation } from "react-i18next";
import { Age } from "../../shared/Age";
import { useNumbers } from "../../shared/numbers";
import { Scrolled } from "../../shared/Scrolled";
import { useNames } from "../../shared/useNames";
import style from "./Deployments.module.css";
import type { Rollout } from "./useDeployments";

type Province = Rollout["provinces"][number];
type Version = Province["versions"][number];

const DIGITS = 2;
/** Seconds without a word of a province after which its figures are old. */
const LATE = 120;
const COLUMNS = ["version", "wanted", "served", "failures", "p99", "correct", "ready"] as const;

/** What each version should get in each province beside what it got, and how old either is. */
export function RolloutTraffic({ item }: { item: Rollout }) {
  const { t } = useTranslation("deployments");
  return (
    <section>
      <h3>{t("traffic.title")}</h3>
      {item.provinces.map((province) => (
        <OneProvince key={province.province} item={item} province={province} />
      ))}
    </section>
  );
}

function OneProvince({ item, province }: { item: Rollout; province: Province }) {
  const { t } = useTranslation("deployments");
  const name = useNames().provinceOf(province.province);
  return (
    <section aria-label={name}>
      <h4 className={style.status}>
        {name}
        <Ages province={province} />
      </h4>
      {province.broken.map((reason) => (
        <p key={reason} data-tick="different">
          ✗ {reason}
        </p>
      ))}
      {province.left !== null && (
        <p data-tick="different">{t("back.stayed", { why: t(`obstacle.${province.left}`) })}</p>
      )}
      <Scrolled label={t("traffic.of", { name })}>
        <table className={style.table}>
          <thead>
            <tr>
              {COLUMNS.map((column) => (
                <th key={column} scope="col">
                  {t(`traffic.${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {province.versions.map((version) => (
              <Row
                key={version.version}
                version={version}
                isNew={version.version === item.version}
              />
            ))}
          </tbody>
        </table>
      </Scrolled>
    </section>
  );
}

function Ages({ province }: { province: Province }) {
  const { t } = useTranslation("deployments");
  const { changed_at, heard_at, reported_at } = province;
  const never = t("traffic.never");
  return (
    <small className={style.quiet}>
      {t("traffic.changed")} {changed_at === null ? never : <Age at={changed_at} />} ·{" "}
      {t("traffic.heard")} {heard_at === null ? never : <Age at={heard_at} staleAfter={LATE} />} ·{" "}
      {t("traffic.reported")}{" "}
      {reported_at === null ? never : <Age at={reported_at} staleAfter={LATE} />}
    </small>
  );
}

function Row({ version, isNew }: { version: Version; isNew: boolean }) {
  const { t } = useTranslation("deployments");
  const { count, share, figure } = useNumbers();
  const { calls, failures } = version;
  return (
    <tr>
      <th scope="row">
        {version.version} {isNew && <small>{t("traffic.new")}</small>}
      </th>
      <td>
        {share(version.share, DIGITS)}{" "}
        <small>{t("traffic.weight", { weight: version.weight })}</small>
      </td>
      <td>
        <ServedBar version={version} />
        {share(version.served, DIGITS)} <small>{t("traffic.calls", { calls: count(calls) })}</small>
      </td>
      <td>
        {calls === 0 ? "–" : share(failures / calls, DIGITS)} <small>({count(failures)})</small>
      </td>
      <td>{figure(version.p99_ms)}</td>
      <td>
        {share(version.correct_share)} <small>(n {count(version.labelled)})</small>
      </td>
      <td>{count(version.ready)}</td>
    </tr>
  );
}

/** The part that was served as a bar, with a mark where it should end. */
function ServedBar({ version }: { version: Version }) {
  const ends = { "--served": version.served ?? 0, "--wanted": version.share } as CSSProperties;
  return <span aria-hidden="true" className={style.served} style={ends} />;
}
