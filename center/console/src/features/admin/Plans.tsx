import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Space } from "antd";
import { useTranslation } from "react-i18next";
import { api, ask, type Schemas } from "../../api/client";
import { ConfirmAct } from "../../shared/ConfirmAct";
import { FormDialog } from "../../shared/FormDialog";
import { Notice } from "../../shared/Notice";
import { useNumbers } from "../../shared/numbers";
import { type Column, DataTable } from "../../shared/table";
import { useTitle } from "../../shared/useTitle";
import { PlanFields, type PlanValues } from "./PlanFields";

type Plan = Schemas["PlanView"];
const KEY = ["subscription-plans"];

/** What the center offers to subscribe on: how much, until when, for what, and who says yes. */
export function Plans() {
  const { t } = useTranslation("admin");
  return (
    <DataTable
      name="plans"
      caption={t("tab.plans")}
      columns={useColumns()}
      queryKey={KEY}
      load={() => ask(api.GET("/api/v1/subscription-plans"))}
      keyOf={(plan) => plan.name}
      filters={<Add />}
      empty={<Notice title={t("plan.none")}>{t("plan.none-text")}</Notice>}
    />
  );
}

function useColumns(): Column<Plan>[] {
  const { t } = useTranslation("admin");
  const titleOf = useTitle();
  const numbers = useNumbers();
  const figure = (key: "daily_quota" | "rate_per_second" | "concurrency"): Column<Plan> => ({
    key,
    title: t(`plan.${key}`),
    render: (plan) => numbers.figure(plan[key], 9),
    text: (plan) => plan[key],
    isNumber: true,
  });
  return [
    {
      key: "title",
      title: t("plan.title"),
      render: (plan) => (
        <>
          {titleOf(plan.titles)} <code>{plan.name}</code>
        </>
      ),
      text: (plan) => plan.name,
    },
    {
      key: "approval",
      title: t("plan.approval"),
      render: (plan) => t(`plan.approvals.${plan.approval}`),
      text: (plan) => plan.approval,
    },
    figure("daily_quota"),
    figure("rate_per_second"),
    figure("concurrency"),
    {
      key: "longest_days",
      title: t("plan.longest_days"),
      render: (plan) =>
        plan.longest_days === null || plan.longest_days === undefined
          ? t("plan.endless")
          : `${plan.longest_days} ${t("plan.unit.days")}`,
      text: (plan) => plan.longest_days ?? "",
      isNumber: true,
    },
    {
      key: "price_label",
      title: t("plan.price_label"),
      render: (plan) => plan.price_label || "–",
      text: (plan) => plan.price_label,
    },
    {
      key: "is_open",
      title: t("state"),
      render: (plan) => t(plan.is_open ? "plan.open" : "plan.closed"),
      text: (plan) => String(plan.is_open),
    },
    {
      key: "subscriptions",
      title: t("plan.subscriptions"),
      render: (plan) => (
        <Link to="/subscriptions" search={{ plan: plan.name }}>
          {numbers.count(plan.subscriptions)}
        </Link>
      ),
      text: (plan) => plan.subscriptions,
      isNumber: true,
    },
    { key: "acts", title: "", render: (plan) => <PlanActs plan={plan} />, text: () => "" },
  ];
}

function usePut() {
  const queries = useQueryClient();
  return async (name: string, body: Schemas["PlanBody"], revision?: number) => {
    const header = revision === undefined ? {} : { "If-Match": `"${revision}"` };
    await ask(
      api.PUT("/api/v1/subscription-plans/{plan}", {
        params: { path: { plan: name }, header },
        body,
      }),
    );
    await queries.invalidateQueries({ queryKey: KEY });
    return null;
  };
}

function Add() {
  const { t } = useTranslation("admin");
  const put = usePut();
  const add = ({ name, ...values }: PlanValues) => put(name, values);
  const initial = { approval: "reviewed", rate_per_second: 10, concurrency: 8 } as const;
  return (
    <FormDialog<PlanValues>
      act={t("plan.add")}
      title={t("plan.add")}
      initial={initial}
      isPrimary
      onSubmit={add}
    >
      <PlanFields isNew />
    </FormDialog>
  );
}

function PlanActs({ plan }: { plan: Plan }) {
  const { t } = useTranslation("admin");
  const put = usePut();
  const { name, revision, subscriptions: count, ...values } = plan;
  const turn = (is_open: boolean) => put(name, { ...values, is_open }, revision);
  return (
    <Space size="small">
      <FormDialog<PlanValues>
        act={t("change")}
        title={t("plan.change", { name })}
        initial={values}
        onSubmit={(changed) => put(name, { ...values, ...changed }, revision)}
      >
        <p className="quiet">{t("plan.change-what", { count })}</p>
        <PlanFields />
      </FormDialog>
      {plan.is_open ? (
        <ConfirmAct
          act={t("plan.retire")}
          title={t("plan.retire-title", { name })}
          consequence={t("plan.retire-what", { count })}
          isDanger
          onConfirm={() => turn(false)}
        />
      ) : (
        <ConfirmAct
          act={t("plan.reopen")}
          title={t("plan.reopen-title", { name })}
          consequence={t("plan.reopen-what")}
          onConfirm={() => turn(true)}
        />
      )}
    </Space>
  );
}
