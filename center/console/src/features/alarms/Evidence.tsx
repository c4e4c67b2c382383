import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Age } from "../../shared/Age";
import { useNumbers } from "../../shared/numbers";
import style from "./Alarms.module.css";
import type { Alarm } from "./useAlarms";

/** The figures behind an alarm, and the way to where they come from. */
export function Evidence({ alarm }: { alarm: Alarm }) {
  const { t } = useTranslation("alarms");
  const word = useWord();
  const entries = Object.entries(alarm.evidence).filter(([, value]) => value !== null);
  return (
    <section className={style.part}>
      <h3>{t("evidence")}</h3>
      <table className={style.evidence}>
        <tbody>
          {entries.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{word(name)}</th>
              <td>{isRows(value) ? <Rows rows={value} /> : <Plain value={value} />}</td>
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

const MOMENT = /^\d{4}-\d\d-\d\dT/;

function Plain({ value }: { value: unknown }) {
  const { figure } = useNumbers();
  if (typeof value === "number") return figure(value);
  if (typeof value !== "string") return JSON.stringify(value);
  return MOMENT.test(value) ? <Age at={value} /> : value;
}

/** Returns a figure's name in the reader's words; one that has none stays as it is. */
function useWord(): (name: string) => string {
  const { t, i18n } = useTranslation("alarms");
  return (name) => {
    const key = `figure.${name}`;
    return i18n.exists(key, { ns: "alarms" }) ? t(key as "figure.rows") : name;
  };
}

function Rows({ rows }: { rows: Row[] }) {
  const word = useWord();
  const head = Object.keys(rows[0] ?? {});
  return (
    <table className={style.evidence}>
      <thead>
        <tr>
          {head.map((name) => (
            <th key={name} scope="col">
              {word(name)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={JSON.stringify(row)}>
            {head.map((name) => (
              <td key={name}>
                <Plain value={row[name]} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
