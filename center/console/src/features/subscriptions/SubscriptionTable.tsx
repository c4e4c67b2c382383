import { Link, useNavigate } from "@tanstack/react-router";
import { Select, Space, Tag } from "antd";
import { useTranslation } from "react-i18next";
import { api, ask } from "../../api/client";
import { Age } from "../../shared/Age";
import { Notice } from "../../shared/Notice";
import { type Column, DataTable, type PageRequest } from "../../shared/table";
import { useNames } from "../../shared/useNames";
import { useProvince } from "../../shared/useProvince";
import { useUrlState } from "../../shared/useUrlState";
import { StatusMark } from "./StatusMark";
import type { Subscription } from "./useSubscriptions";

const STATUSES = [
  ...(["active", "requested", "scheduled", "suspended"] as const),
  ...(["expired", "revoked", "declined", "withdrawn"] as const),
];

function useColumns(): Column<Subscription>[] {
  const { t } = useTranslation("subscriptions");
  const { provinceOf, capabilityOf } = useNames();
  return [
    {
      key: "capability",
      title: t("column.capability"),
      render: (row) => (
        <Link to="/subscriptions/$id" params={{ id: row.id }}>
          {capabilityOf(row.capability)}
        </Link>
      ),
      text: (row) => row.capability,
    },
    {
      key: "application",
      title: t("column.application"),
      render: (row) => row.application,
      text: (row) => row.application,
    },
    {
      key: "province",
      title: t("column.province"),
      render: (row) => provinceOf(row.province),
      text: (row) => row.province,
    },
    {
      key: "status",
      title: t("column.status"),
      render: (row) => <StatusMark status={row.status} />,
      text: (row) => row.status,
    },
    {
      key: "since",
      title: t("column.since"),
      render: (row) => <Age at={row.since} />,
      text: (row) => row.since,
    },
    { key: "plan", title: t("column.plan"), render: (row) => row.plan, text: (row) => row.plan },
    {
      key: "quota",
      title: t("column.quota"),
      render: (row) => row.daily_quota.toLocaleString(),
      text: (row) => row.daily_quota,
      isNumber: true,
    },
    {
      key: "requested-by",
      title: t("column.requested-by"),
      render: (row) => row.requested_by,
      text: (row) => row.requested_by,
    },
    {
      key: "cost-centre",
      title: t("column.cost-centre"),
      render: (row) => row.cost_centre,
      text: (row) => row.cost_centre,
      isHidden: true,
    },
  ];
}

/** Subscriptions: all of them, or those that wait for a decision, the longest first. */
export function SubscriptionTable({ isQueue = false }: { isQueue?: boolean }) {
  const { t } = useTranslation("subscriptions");
  const navigate = useNavigate();
  const columns = useColumns();
  const [province] = useProvince();
  const [chosen, choose] = useUrlState("status");
  const [plan, choosePlan] = useUrlState("plan");
  const status = isQueue ? "requested" : STATUSES.find((one) => one === chosen);
  const scope = {
    ...(province !== "" && { province }),
    ...(status !== undefined && { status }),
    ...(plan !== "" && { plan }),
    ...(isQueue && { oldest_first: true }),
  };
  const load = ({ limit, cursor }: PageRequest) =>
    ask(
      api.GET("/api/v1/subscriptions", {
        params: { query: { ...scope, limit, ...(cursor !== undefined && { cursor }) } },
      }),
    );
  const filter = (
    <Space size="small">
      <Select
        aria-label={t("column.status")}
        value={chosen}
        onChange={(value) => choose(value)}
        popupMatchSelectWidth={false}
        options={[
          { value: "", label: t("status.any") },
          ...STATUSES.map((value) => ({ value, label: t(`status.${value}`) })),
        ]}
      />
      {plan !== "" && (
        <Tag closable onClose={() => choosePlan("")}>
          {t("column.plan")}: {plan}
        </Tag>
      )}
    </Space>
  );
  return (
    <DataTable
      name="subscriptions"
      caption={t("title")}
      columns={columns}
      queryKey={["subscriptions", "list", scope]}
      load={load}
      keyOf={(row) => row.id}
      onOpen={(row) => void navigate({ to: "/subscriptions/$id", params: { id: row.id } })}
      filters={isQueue ? undefined : filter}
      empty={
        <Notice
          title={t(isQueue ? "none-waiting" : "none")}
          acts={isQueue ? undefined : <Link to="/store">{t("to-store")}</Link>}
        >
          {t(isQueue ? "none-waiting-text" : "none-text")}
        </Notice>
      }
    />
  );
}
