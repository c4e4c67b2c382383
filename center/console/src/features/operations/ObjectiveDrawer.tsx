import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Drawer } from "antd";
import { useTranslation } from "react-i18next";
import { api, ask, type Schemas } from "../../api/client";
import { useSession } from "../../app/session";
import { useNumbers } from "../../shared/numbers";
import { QueryStates } from "../../shared/QueryStates";
import { useUrlChange, useUrlState } from "../../shared/useUrlState";
import { BudgetLeft } from "./BudgetLeft";
import { BudgetChart, LatencyChart } from "./charts";
import style from "./Operations.module.css";
import { TargetForm } from "./TargetForm";

type Detail = Schemas["ObjectiveDetailView"];

/** The objective that the address names: its budgets, hour by hour, and its latencies. */
export function ObjectiveDrawer() {
  const { t } = useTranslation("operations");
  const [capability] = useUrlState("objective");
  const [province] = useUrlState("at");
  const change = useUrlChange();
  return (
    <Drawer
      open={capability !== ""}
      size={720}
      title={`${capability} · ${province || t("all-provinces")}`}
      onClose={() => change({ objective: undefined, at: undefined }, "push")}
      destroyOnHidden
    >
      {capability !== "" && <Content capability={capability} province={province} />}
    </Drawer>
  );
}

function Content({ capability, province }: { capability: string; province: string }) {
  const { may } = useSession();
  const query = useQuery({
    queryKey: ["objectives", "one", capability, province],
    queryFn: () =>
      ask(
        api.GET("/api/v1/objectives/{capability}", {
          params: { path: { capability }, query: province === "" ? {} : { province } },
        }),
      ),
  });
  return (
    <QueryStates query={query}>
      {(item) => (
        <>
          <Facts item={item} />
          <BudgetChart item={item} />
          <LatencyChart item={item} />
          <Ways capability={capability} province={item.province} />
          {may("set:objectives") && <TargetForm item={item} />}
        </>
      )}
    </QueryStates>
  );
}

function Facts({ item }: { item: Detail }) {
  const { t } = useTranslation("operations");
  const { count, figure, share } = useNumbers();
  return (
    <dl className={style.facts}>
      <dt>{t("column.availability-left")}</dt>
      <dd>
        <BudgetLeft budget={item.availability} />{" "}
        {t("bad-of", {
          bad: count(item.availability.bad),
          calls: count(item.calls),
          target: share(item.availability.target, 3),
        })}
      </dd>
      <dt>{t("column.latency-left")}</dt>
      <dd>
        <BudgetLeft budget={item.latency} />{" "}
        {t("slow-of", {
          bad: count(item.latency.bad),
          calls: count(item.calls),
          target: figure(item.latency.target),
        })}
      </dd>
      {[...item.availability.burns].map((burn) => (
        <Burn key={burn.window} burn={burn} />
      ))}
      <dt>{t("origin")}</dt>
      <dd>{t(item.is_set ? "set-by-people" : "set-by-manifest")}</dd>
    </dl>
  );
}

function Burn({ burn }: { burn: Detail["availability"]["burns"][number] }) {
  const { t } = useTranslation("operations");
  const { figure } = useNumbers();
  const minutes = (seconds: number) => t("minutes", { count: seconds / 60 });
  return (
    <>
      <dt>{t(`burning.${burn.window}`)}</dt>
      <dd>
        {minutes(burn.long_seconds)} {figure(burn.long, 3)}× · {minutes(burn.short_seconds)}{" "}
        {figure(burn.short, 3)}× · {t("threshold", { rate: figure(burn.threshold, 3) })}
      </dd>
    </>
  );
}

function Ways({ capability, province }: { capability: string; province: string }) {
  const { t } = useTranslation("operations");
  const scope = { capability, ...(province === "" ? {} : { province }) };
  return (
    <p className={style.ways}>
      <Link to="/operations" search={{ ...scope, tab: "usage" }}>
        {t("to-usage")}
      </Link>
      <Link to="/alarms" search={{ rule: "objective-burning" }}>
        {t("to-alarms")}
      </Link>
      {province !== "" && (
        <Link to={`/monitoring/${capability}/${province}`}>{t("to-monitoring")}</Link>
      )}
    </p>
  );
}
