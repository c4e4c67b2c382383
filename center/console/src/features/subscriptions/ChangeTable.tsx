import { Link } from "@tanstack/react-router";
import { Space } from "antd";
import { useTranslation } from "react-i18next";
import { api, ask } from "../../api/client";
import { useSession } from "../../app/session";
import { Age } from "../../shared/Age";
import { ConfirmAct } from "../../shared/ConfirmAct";
import { Notice } from "../../shared/Notice";
import { type Column, DataTable, type PageRequest } from "../../shared/table";
import { useNames } from "../../shared/useNames";
import { useProvince } from "../../shared/useProvince";
import { DeclineAct } from "./DeclineAct";
import { approveChange, type Change, declineChange, useDo } from "./useSubscriptions";

/** Changes that wait for a decision, the longest first. */
export function ChangeTable() {
  const { t } = useTranslation("subscriptions");
  const [province] = useProvince();
  const { provinceOf, capabilityOf } = useNames();
  const scope = province === "" ? {} : { province };
  const load = ({ limit, cursor }: PageRequest) =>
    ask(
      api.GET("/api/v1/subscription-changes", {
        params: {
          query: {
            ...scope,
            status: "requested",
            limit,
            ...(cursor !== undefined && { cursor }),
          },
        },
      }),
    );
  const columns: Column<Change>[] = [
    {
      key: "capability",
      title: t("column.capability"),
      render: (row) => (
        <Link to="/subscriptions/$id" params={{ id: row.subscription }}>
          {capabilityOf(row.capability)}
        </Link>
      ),
      text: (row) => row.capability,
    },
    {
      key: "province",
      title: t("column.province"),
      render: (row) => provinceOf(row.province),
      text: (row) => row.province,
    },
    {
      key: "wanted",
      title: t("column.wanted"),
      render: (row) => t("wanted", { plan: row.plan, quota: row.daily_quota.toLocaleString() }),
      text: (row) => `${row.plan} ${row.daily_quota}`,
    },
    { key: "why", title: t("field.why"), render: (row) => row.why, text: (row) => row.why },
    {
      key: "requested-by",
      title: t("column.requested-by"),
      render: (row) => row.requested_by,
      text: (row) => row.requested_by,
    },
    {
      key: "waits",
      title: t("column.waits"),
      render: (row) => <Age at={row.requested_at} />,
      text: (row) => row.requested_at,
    },
    {
      key: "decide",
      title: t("column.decide"),
      render: (row) => <Decide change={row} />,
      text: () => "",
    },
  ];
  return (
    <DataTable
      name="subscription-changes"
      caption={t("tab.changes")}
      columns={columns}
      queryKey={["subscriptions", "changes", scope]}
      load={load}
      keyOf={(row) => row.id}
      empty={<Notice title={t("none-waiting")}>{t("none-waiting-text")}</Notice>}
    />
  );
}

function Decide({ change }: { change: Change }) {
  const { t } = useTranslation("subscriptions");
  const { may, user } = useSession();
  const run = useDo();
  if (!may("approve:subscriptions")) return null;
  if (user.name === change.requested_by) return <span className="quiet">{t("own")}</span>;
  return (
    <Space>
      <ConfirmAct
        act={t("act.approve")}
        title={t("approve-change")}
        consequence={t("approve-change-text", {
          plan: change.plan,
          quota: change.daily_quota.toLocaleString(),
        })}
        onConfirm={() => run(() => approveChange(change.id))}
      />
      <DeclineAct onDecline={(body) => run(() => declineChange(change.id, body))} />
    </Space>
  );
}
