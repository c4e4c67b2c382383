import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Schemas } from "../../api/client";
import { Age } from "../../shared/Age";
import { Notice } from "../../shared/Notice";
import { useNumbers } from "../../shared/numbers";
import { QueryStates } from "../../shared/QueryStates";
import { useNames } from "../../shared/useNames";
import FitCard from "./FitCard";
import { IntervalBar } from "./IntervalBar";
import type { TrialProps } from "./index";
import style from "./Trial.module.css";

type Observed = Schemas["ObservedView"];
type Live = Schemas["LiveQualityView"];
/** A province, or the sum over some that are not told one by one: then `count` says how many. */
type Row = Omit<Schemas["ProvinceQualityView"], "basis"> & { count?: number };

const STALE_DAYS = 7;
const DAY = 86_400;

/** How good a capability is where it runs, and what is to be expected where it does not yet. */
export default function QualityTab({ capability, version, province }: TrialProps) {
  const { t } = useTranslation("trial");
  const query = useQuery({
    queryKey: ["live-quality", capability],
    queryFn: () =>
      ask(
        api.GET("/api/v1/capabilities/{name}/live-quality", {
          params: { path: { name: capability } },
        }),
      ),
  });
  return (
    <>
      <QueryStates
        query={query}
        isEmpty={(data) => data.provinces.length === 0 && data.elsewhere.length === 0}
        empty={
          <Notice title={t("quality.none")}>
            {t(query.data?.is_withheld ? "quality.withheld" : "quality.none-text")}
          </Notice>
        }
      >
        {(data) => <Table live={data} />}
      </QueryStates>
      <FitCard capability={capability} version={version} province={province} />
    </>
  );
}

function Table({ live }: { live: Live }) {
  const { t } = useTranslation("trial");
  const [isTable, setTable] = useState(false);
  const rows: Row[] = [
    ...[...live.provinces].sort(worstFirst),
    ...live.elsewhere.map((sum) => ({
      ...sum,
      province: "",
      estimated: null,
      count: sum.provinces,
    })),
  ];
  const from = lowest(rows);
  const { share } = useNumbers();
  return (
    <section>
      <p className="quiet">
        {t("quality.explained", { days: live.span_days, from: share(from, 0) })}{" "}
        <Button size="small" type="text" onClick={() => setTable(!isTable)}>
          {t(isTable ? "quality.as-chart" : "quality.as-table")}
        </Button>
      </p>
      <table className={style.table}>
        <thead>
          <tr>
            <th scope="col">{t("quality.province")}</th>
            <th scope="col">{t("quality.version")}</th>
            <th scope="col">{t("quality.realized")}</th>
            <th scope="col">{t("quality.estimated")}</th>
            <th scope="col">{t("quality.coverage")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Line key={`${row.province} ${row.version}`} row={row} isTable={isTable} from={from} />
          ))}
        </tbody>
      </table>
      {live.elsewhere.length > 0 && <p className="quiet">{t("quality.elsewhere-text")}</p>}
      {live.is_withheld && <p className="quiet">{t("quality.withheld")}</p>}
    </section>
  );
}

function Line({ row, isTable, from }: { row: Row; isTable: boolean; from: number }) {
  const { t } = useTranslation("trial");
  const { count } = useNumbers();
  const { provinceOf } = useNames();
  return (
    <tr>
      <th scope="row">
        {row.count === undefined
          ? provinceOf(row.province)
          : t("quality.elsewhere", { count: row.count })}
      </th>
      <td className="figures">{row.version}</td>
      <td>
        <Share observed={row.realized} isTable={isTable} from={from} />
      </td>
      <td>
        <Share observed={row.estimated} isTable={isTable} from={from} isEstimated />
      </td>
      <td className="figures">
        {count(row.realized?.rows ?? 0)} / {count(row.predictions)}
      </td>
    </tr>
  );
}

interface ShareProps {
  observed: Observed | null | undefined;
  isTable: boolean;
  from: number;
  isEstimated?: boolean;
}

function Share({ observed, isTable, from, isEstimated = false }: ShareProps): ReactNode {
  const { t } = useTranslation("trial");
  const { share, count } = useNumbers();
  if (!observed) return <span className="quiet">{t("quality.nothing")}</span>;
  const { value, low, high } = observed.quality;
  const at = new Date(Date.now() - observed.age_seconds * 1000);
  return (
    <>
      {!isTable && (
        <IntervalBar interval={observed.quality} isEstimated={isEstimated} from={from} />
      )}
      <span className={isEstimated ? style.dashed : "figures"}>
        {share(value)} ({share(low)}–{share(high)})
      </span>{" "}
      <small className="quiet">
        n = {count(observed.rows)} · <Age at={at} staleAfter={STALE_DAYS * DAY} /> ·{" "}
        {t(isEstimated ? "quality.regression" : "quality.wilson")}
      </small>
    </>
  );
}

/** Where all lines begin: a tenth below the least share of all, so that small differences show. */
function lowest(rows: Row[]): number {
  const lows = rows.flatMap(({ realized, estimated }) =>
    [realized, estimated].flatMap((item) => (item ? [item.quality.low] : [])),
  );
  return Math.max(0, Math.floor(Math.min(1, ...lows) * 10) / 10);
}

function worstFirst(left: Row, right: Row): number {
  const of = (row: Row) => (row.realized ?? row.estimated)?.quality.value ?? 1;
  return of(left) - of(right);
}
