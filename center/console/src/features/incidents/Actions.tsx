import { Button, Checkbox, Form, Input } from "antd";
import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session";
import style from "./Incidents.module.css";
import { type Incident, useAct } from "./useIncident";

/** What is to be done, by whom, until when; ticked when it is done. */
export function Actions({ item }: { item: Incident }) {
  const { t } = useTranslation("incidents");
  const { may } = useSession();
  const { mutate, isPending, error } = useAct(item.id);
  const isFixed = item.state === "closed" || !may("handle:incidents");
  return (
    <section>
      <h2>{t("actions")}</h2>
      {item.actions.length === 0 && <p className="quiet">{t("no-actions")}</p>}
      <ul className={style.actions}>
        {item.actions.map((action) => (
          <li key={action.id}>
            <Checkbox
              checked={action.done_at !== null}
              disabled={isFixed || isPending}
              onChange={(event) =>
                mutate({ act: event.target.checked ? "complete" : "undo", action: action.id })
              }
            >
              {action.text}
            </Checkbox>
            <span className="quiet">
              {action.owner}
              {action.due_on !== null && ` · ${t("due", { day: action.due_on })}`}
              {action.done_by !== null && ` · ${t("done-by", { name: action.done_by })}`}
            </span>
          </li>
        ))}
      </ul>
      {error !== null && <p role="alert">{error.message}</p>}
      {!isFixed && <NewAction item={item} />}
    </section>
  );
}

interface Wish {
  text: string;
  owner: string;
  due?: string;
}

function NewAction({ item }: { item: Incident }) {
  const { t } = useTranslation("incidents");
  const [form] = Form.useForm<Wish>();
  const { mutate, isPending, error } = useAct(item.id);
  const add = ({ text, owner, due }: Wish) =>
    mutate({ act: "add", text, owner, due: due || null }, { onSuccess: () => form.resetFields() });
  return (
    <Form<Wish> form={form} layout="vertical" onFinish={add} className={style.noprint ?? ""}>
      <Form.Item
        name="text"
        label={t("action-text")}
        rules={[{ required: true, min: 3, message: t("action-needed") }]}
      >
        <Input maxLength={2000} />
      </Form.Item>
      <div className={style.row}>
        <Form.Item
          name="owner"
          label={t("owner")}
          rules={[{ required: true, message: t("owner-needed") }]}
        >
          <Input />
        </Form.Item>
        <Form.Item name="due" label={t("due-on")}>
          <Input type="date" />
        </Form.Item>
      </div>
      {error !== null && <p role="alert">{error.message}</p>}
      <Button htmlType="submit" loading={isPending}>
        {t("act.add-action")}
      </Button>
    </Form>
  );
}
