import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Schemas } from "../../api/client";
import { useSession } from "../../app/session";
import { useNumbers } from "../../shared/numbers";
import { QueryStates } from "../../shared/QueryStates";
import { useProvinces } from "../../shared/useProvince";
import { useTitle } from "../../shared/useTitle";
import { Choice } from "./Choice";
import { IntervalBar } from "./IntervalBar";
import type { TrialProps } from "./index";
import style from "./Trial.module.css";

type Fit = Schemas["FitView"];
type Expected = Schemas["ExpectedView"];

const MOST_COLUMNS = 8;

/** Whether a capability can be expected to work in a province, from counts that are there already. */
export default function FitCard({ capability, version, province }: TrialProps) {
  const { t } = useTranslation("trial");
  const { may } = useSession();
  const title = useTitle();
  const provinces = useProvinces().data ?? [];
  const [chosen, setChosen] = useState(province);
  const place = chosen || provinces[0]?.name;
  const query = useQuery({
    queryKey: ["fit", capability, version, place],
    enabled: place !== undefined,
    queryFn: () =>
      ask(
        api.GET("/api/v1/capabilities/{name}/fit", {
          params: {
            path: { name: capability },
            query: { province: place ?? "", ...(version === undefined ? {} : { version }) },
          },
        }),
      ),
  });
  if (!may("read:monitoring")) return null;
  return (
    <section className={style.block}>
      <h2>{t("fit.title")}</h2>
      <div className={style.tools}>
        <Choice
          label={t("place")}
          value={place}
          onChange={setChosen}
          options={provinces.map((item) => ({ value: item.name, label: title(item.titles) }))}
        />
      </div>
      <QueryStates query={query}>{(fit) => <Found fit={fit} />}</QueryStates>
    </section>
  );
}

function Found({ fit }: { fit: Fit }) {
  const { t } = useTranslation("trial");
  const { share } = useNumbers();
  return (
    <>
      <p>
        <strong>{t(`finding.${fit.finding}`)}</strong>{" "}
        {t(`finding-text.${fit.finding}`, { unknown: share(fit.unknown, 0) })}
      </p>
      {fit.expected && <Expectation expected={fit.expected} />}
      {fit.shifts.length > 0 && <Shifts fit={fit} />}
      {fit.missing.length > 0 && (
        <p className="quiet">
          {t("fit.missing", { count: fit.missing.length })}{" "}
          {fit.missing.slice(0, MOST_COLUMNS).join(", ")}
          {fit.missing.length > MOST_COLUMNS && " …"}
        </p>
      )}
    </>
  );
}

function Expectation({ expected }: { expected: Expected }) {
  const { t } = useTranslation("trial");
  const { share, count } = useNumbers();
  const { quality, loss, held_back } = expected;
  return (
    <>
      <dl className={style.facts}>
        <dt>{t("fit.expected")}</dt>
        <dd>
          <IntervalBar interval={quality} isEstimated />
          <span className={style.dashed}>
            {share(quality.value)} ({share(quality.low)}–{share(quality.high)})
          </span>
        </dd>
        <dt>{t("fit.loss")}</dt>
        <dd className="figures">
          {share(loss.value)} ({share(loss.low)}–{share(loss.high)})
        </dd>
        <dt>{t("fit.held-back")}</dt>
        <dd className="figures">
          {share(held_back.value)} <small>n = {count(expected.held_back_rows)}</small>
        </dd>
      </dl>
      <p className="quiet">
        {t(expected.basis === "scores" ? "fit.by-scores" : "fit.by-inputs", {
          rows: count(expected.effective_rows),
        })}
      </p>
    </>
  );
}

function Shifts({ fit }: { fit: Fit }) {
  const { t } = useTranslation("trial");
  const { share, count } = useNumbers();
  return (
    <table className={style.table}>
      <caption className="quiet">
        {t("fit.columns", { count: Math.min(MOST_COLUMNS, fit.shifts.length) })}
      </caption>
      <thead>
        <tr>
          <th scope="col">{t("fit.column")}</th>
          <th scope="col">{t("fit.moved")}</th>
          <th scope="col">{t("fit.source")}</th>
        </tr>
      </thead>
      <tbody>
        {fit.shifts.slice(0, MOST_COLUMNS).map((shift) => (
          <tr key={shift.column}>
            <th scope="row">
              <code>{shift.column}</code>
            </th>
            <td className="figures">
              <span className={style.moved} style={{ width: `${shift.distance * 100}%` }} />
              {share(shift.distance)}
            </td>
            <td>
              {shift.source.capability} {shift.source.version}{" "}
              <small className="quiet">n = {count(shift.source.rows)}</small>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
