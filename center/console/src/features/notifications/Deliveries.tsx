import { useTranslation } from "react-i18next";
import { api, ask, type Schemas } from "../../api/client";
import { Age } from "../../shared/Age";
import { Notice } from "../../shared/Notice";
import { StateMark } from "../../shared/StateMark";
import { type Column, DataTable, type PageRequest } from "../../shared/table";

type Delivery = Schemas["DeliveryView"];
const SHAPE = { waiting: "watch", sent: "healthy", failed: "quality-down" } as const;

/** What was sent outside, what waits, and what failed and why. */
export function Deliveries() {
  const { t } = useTranslation("notifications");
  const columns: Column<Delivery>[] = [
    {
      key: "state",
      title: t("column.state"),
      render: (item) => <StateMark state={SHAPE[item.state]} text={t(`delivery.${item.state}`)} />,
      text: (item) => item.state,
    },
    {
      key: "channel",
      title: t("column.channel"),
      render: (item) => `${t(`channel.${item.channel}`)} ${item.target}`,
      text: (item) => `${item.channel} ${item.target}`,
    },
    {
      key: "events",
      title: t("column.events"),
      isNumber: true,
      render: (item) => item.events,
      text: (item) => item.events,
    },
    {
      key: "attempts",
      title: t("column.attempts"),
      isNumber: true,
      render: (item) => item.attempts,
      text: (item) => item.attempts,
    },
    {
      key: "at",
      title: t("column.at"),
      render: (item) => <Age at={item.sent_at ?? item.next_at} />,
      text: (item) => item.sent_at ?? item.next_at,
    },
    {
      key: "error",
      title: t("column.error"),
      render: (item) => item.error,
      text: (item) => item.error,
    },
  ];
  const load = ({ limit, cursor }: PageRequest) =>
    ask(
      api.GET("/api/v1/notification-deliveries", {
        params: { query: { limit, ...(cursor && { cursor }) } },
      }),
    );
  return (
    <DataTable<Delivery>
      name="deliveries"
      prefix="d-"
      caption={t("tab.deliveries")}
      columns={columns}
      queryKey={["notifications", "deliveries"]}
      load={load}
      keyOf={(item) => item.id}
      empty={<Notice title={t("no-deliveries")}>{t("no-deliveries-text")}</Notice>}
    />
  );
}
