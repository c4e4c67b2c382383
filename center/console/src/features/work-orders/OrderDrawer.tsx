import { Button, Drawer, Flex, Form, Input, Space } from "antd";
import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session";
import { Age } from "../../shared/Age";
import { FormDialog } from "../../shared/FormDialog";
import { QueryStates } from "../../shared/QueryStates";
import { OrderMark } from "./OrderMark";
import { type Order, type Step, useWorkOrder } from "./useWorkOrders";

interface Props {
  order: string;
  onClose: () => void;
}

const GENERATED = new Set<string>(["publication-review", "subscription", "quota"]);

/** Where the decision is taken that ends an order. */
function placeOf(item: Order): string {
  const [kind, ...rest] = item.subject.split("/");
  if (kind === "capability") return `/reviews?capability=${rest[0] ?? ""}`;
  return `/subscriptions?subscription=${rest[0] ?? ""}`;
}

/** One order: what is asked, how far it is, and everything that happened to it. */
export function OrderDrawer({ order, onClose }: Props) {
  const { t } = useTranslation("work-orders");
  const { query, ...acts } = useWorkOrder(order);
  return (
    <Drawer open size="large" title={query.data?.title ?? order} onClose={onClose}>
      <QueryStates query={query}>
        {(item) => (
          <Flex vertical gap="middle">
            <p>
              <OrderMark state={item.state} /> · {t(`kinds.${item.kind}`)} · {item.requested_by} ·{" "}
              {t("due")} <Age at={item.due_at} />
            </p>
            {GENERATED.has(item.kind) && (
              <p>
                {t("ends-itself")} <a href={placeOf(item)}>{t("decide")}</a>
              </p>
            )}
            <Acts item={item} {...acts} />
            <h2>{t("history")}</h2>
            <ol>
              {item.history.map((line) => (
                <li key={`${line.at} ${line.step}`}>
                  <strong>{line.by}</strong> {t(`step.${line.step}`)}{" "}
                  {String(line.detail?.assignee ?? "")} <Age at={line.at} />
                  {line.text !== "" && <p>{line.text}</p>}
                </li>
              ))}
            </ol>
            <Comment onSend={acts.comment} />
          </Flex>
        )}
      </QueryStates>
    </Drawer>
  );
}

interface ActsProps {
  item: Order;
  take: () => Promise<unknown>;
  step: (step: Step, text: string) => Promise<unknown>;
}

function Acts({ item, take, step }: ActsProps) {
  const { t } = useTranslation("work-orders");
  const { user, may } = useSession();
  const isLiving = item.closed_at === null;
  const isByHand = !GENERATED.has(item.kind);
  if (!isLiving) return null;
  const steps: Step[] = [];
  if (may("manage:work-orders")) {
    if (item.assignee !== null) steps.push("release");
    steps.push(item.state === "waiting" ? "resume" : "wait");
    if (isByHand) steps.push("finish", "decline");
  }
  if (isByHand && item.requested_by === user.name) steps.push("withdraw");
  return (
    <Space wrap>
      {may("manage:work-orders") && item.assignee !== user.name && (
        <Button type="primary" onClick={() => void take()}>
          {t("step.assign")}
        </Button>
      )}
      {steps.map((name) => (
        <FormDialog<{ text?: string }>
          key={name}
          act={t(`step.${name}`)}
          title={t(`step.${name}`)}
          onSubmit={({ text }) => step(name, text ?? "").then(() => null)}
        >
          <Form.Item name="text" label={t("words")}>
            <Input.TextArea rows={3} />
          </Form.Item>
        </FormDialog>
      ))}
    </Space>
  );
}

function Comment({ onSend }: { onSend: (text: string) => Promise<unknown> }) {
  const { t } = useTranslation("work-orders");
  const [form] = Form.useForm<{ text: string }>();
  const send = async ({ text }: { text: string }) => {
    await onSend(text);
    form.resetFields();
  };
  return (
    <Form
      form={form}
      layout="vertical"
      requiredMark={false}
      onFinish={(values) => void send(values)}
    >
      <Form.Item
        name="text"
        label={t("comment")}
        rules={[{ required: true, message: t("needed") }]}
      >
        <Input.TextArea rows={2} />
      </Form.Item>
      <Button htmlType="submit">{t("send")}</Button>
    </Form>
  );
}
