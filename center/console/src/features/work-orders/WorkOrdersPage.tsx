import { useQueryClient } from "@tanstack/react-query";
import { Form, Input, Segmented, Select } from "antd";
import { useTranslation } from "react-i18next";
import { api, ask, newIdempotencyKey, type Schemas } from "../../api/client";
import { Age } from "../../shared/Age";
import { FormDialog } from "../../shared/FormDialog";
import { PageFrame } from "../../shared/PageFrame";
import { type Column, DataTable } from "../../shared/table";
import { useNames } from "../../shared/useNames";
import { useProvince } from "../../shared/useProvince";
import { useUrlState } from "../../shared/useUrlState";
import { OrderDrawer } from "./OrderDrawer";
import { OrderMark } from "./OrderMark";
import { KEY, type Order } from "./useWorkOrders";

const QUEUES = ["all", "mine", "unassigned", "overdue", "requested"] as const;
type Queue = "mine" | "unassigned" | "overdue" | "requested";

/** Requests that wait for somebody, what is due first coming first. */
export default function WorkOrdersPage() {
  const { t } = useTranslation("work-orders");
  const [province] = useProvince();
  const { provinceOf } = useNames();
  const [queue, setQueue] = useUrlState("queue", "all");
  const [open, setOpen] = useUrlState("order");
  const columns: Column<Order>[] = [
    { key: "title", title: t("what"), render: (o) => o.title, text: (o) => o.title },
    { key: "kind", title: t("kind"), render: (o) => t(`kinds.${o.kind}`), text: (o) => o.kind },
    {
      key: "state",
      title: t("how-far"),
      render: (o) => <OrderMark state={o.state} />,
      text: (o) => o.state,
    },
    {
      key: "assignee",
      title: t("assignee"),
      render: (o) => o.assignee ?? t("nobody"),
      text: (o) => o.assignee,
    },
    {
      key: "requested_by",
      title: t("requested-by"),
      render: (o) => o.requested_by,
      text: (o) => o.requested_by,
    },
    {
      key: "province",
      title: t("province"),
      render: (o) => (o.province === null ? "–" : provinceOf(o.province)),
      text: (o) => o.province,
    },
    { key: "due_at", title: t("due"), render: (o) => <Age at={o.due_at} />, text: (o) => o.due_at },
  ];
  const wanted = {
    ...(queue !== "all" && { queue: queue as Queue }),
    ...(province !== "" && { province }),
  };
  const filters = (
    <Segmented
      value={queue}
      onChange={(value) => setQueue(value)}
      options={QUEUES.map((value) => ({ value, label: t(`queue.${value}`) }))}
    />
  );
  return (
    <PageFrame title={t("title")} answers={t("answers")} acts={<NewOrder />}>
      <DataTable
        name="work-orders"
        caption={t("title")}
        columns={columns}
        queryKey={[...KEY, wanted]}
        load={(page) =>
          ask(api.GET("/api/v1/work-orders", { params: { query: { ...page, ...wanted } } }))
        }
        keyOf={(o) => o.id}
        onOpen={(o) => setOpen(o.id, "push")}
        filters={filters}
      />
      {open !== "" && <OrderDrawer order={open} onClose={() => setOpen("")} />}
    </PageFrame>
  );
}

function NewOrder() {
  const { t } = useTranslation("work-orders");
  const [province] = useProvince();
  const queries = useQueryClient();
  const make = async (body: Schemas["NewWorkOrder"]) => {
    const header = { "idempotency-key": newIdempotencyKey() };
    const about = province === "" ? body : { ...body, province };
    await ask(api.POST("/api/v1/work-orders", { body: about, params: { header } }));
    await queries.invalidateQueries({ queryKey: KEY });
    return null;
  };
  const kinds = ["scale", "role", "other"] as const;
  return (
    <FormDialog<Schemas["NewWorkOrder"]>
      act={t("new")}
      title={t("new")}
      isPrimary
      initial={{ kind: "scale" }}
      onSubmit={make}
    >
      <Form.Item name="kind" label={t("kind")}>
        <Select options={kinds.map((value) => ({ value, label: t(`kinds.${value}`) }))} />
      </Form.Item>
      <Form.Item
        name="title"
        label={t("what")}
        rules={[{ required: true, min: 3, message: t("needed") }]}
      >
        <Input />
      </Form.Item>
      <Form.Item name="text" label={t("why")}>
        <Input.TextArea rows={4} />
      </Form.Item>
    </FormDialog>
  );
}
