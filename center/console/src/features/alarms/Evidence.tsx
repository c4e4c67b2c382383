import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import style from "./Alarms.module.css";
import type { Alarm } from "./useAlarms";

/** The figures behind an alarm, and the way to where they come from. */
export function Evidence({ alarm }: { alarm: Alarm }) {
  const { t } = useTranslation("alarms");
  const entries = Object.entries(alarm.evidence);
  return (
    <section>
      <h3>{t("evidence")}</h3>
      <table className={style.evidence}>
        <tbody>
          {entries.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{isRows(value) ? <Rows rows={value} /> : plain(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Cause alarm={alarm} />
    </section>
  );
}

function Cause({ alarm: { rule, capability, province } }: { alarm: Alarm }) {
  const { t } = useTranslation("alarms");
  if (capability === "" || province === "") return null;
  const isEffect = rule === "drift" || rule === "quality-down" || rule === "data-late";
  return isEffect ? (
    <Link to={`/monitoring/${capability}/${province}`}>{t("to-monitoring")}</Link>
  ) : (
    <Link to="/operations" search={{ capability, province }}>
      {t("to-operations")}
    </Link>
  );
}

type Row = Record<string, unknown>;

function isRows(value: unknown): value is Row[] {
  return Array.isArray(value) && value.every((item) => typeof item === "object" && item !== null);
}

function plain(value: unknown): string {
  if (typeof value === "number") return String(Math.round(value * 1000) / 1000);
  return typeof value === "string" ? value : JSON.stringify(value);
}

function Rows({ rows }: { rows: Row[] }) {
  const head = Object.keys(rows[0] ?? {});
  return (
    <table className={style.evidence}>
      <thead>
        <tr>
          {head.map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={JSON.stringify(row)}>
            {head.map((name) => (
              <td key={name}>{plain(row[name])}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
