import { Button, Form, Input, Select } from "antd";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session";
import style from "./Incidents.module.css";
import { type Account, type Incident, useAct } from "./useIncident";

const TEXTS = ["summary", "near_cause", "root_cause"] as const;
const FIELDS = [...TEXTS, "lead", "attendees"] as const;
type Field = (typeof FIELDS)[number];

/** What people write: summary, near and root cause, who leads and who took part. */
export function Causes({ item }: { item: Incident }) {
  const { may } = useSession();
  const isFixed = item.state === "closed" || !may("handle:incidents");
  return isFixed ? <Written item={item} /> : <Writing item={item} />;
}

function Written({ item }: { item: Incident }) {
  const { t } = useTranslation("incidents");
  return (
    <section>
      {TEXTS.map((name) => (
        <div key={name}>
          <h2>{t(name)}</h2>
          <p className={style.text}>{item[name] || "–"}</p>
        </div>
      ))}
      <h2>{t("attendees")}</h2>
      <p>{[item.lead, ...item.attendees].filter(Boolean).join(", ") || "–"}</p>
    </section>
  );
}

function Writing({ item }: { item: Incident }) {
  const { t } = useTranslation("incidents");
  const { mutate, isPending, error } = useAct(item.id);
  const form = useFollowing(item);
  const save = (given: Partial<Account>) => {
    const { title, severity, begins_at, ends_at, capabilities, provinces } = item;
    const { summary, near_cause, root_cause, attendees } = { ...item, ...given };
    const kept = { title, severity, begins_at, ends_at, capabilities, provinces };
    const written = { summary, near_cause, root_cause, attendees, lead: given.lead || null };
    const settle = () =>
      form.setFields(
        FIELDS.filter((name) => isSame(form.getFieldValue(name), given[name])).map((name) => ({
          name,
          touched: false,
          warnings: [],
        })),
      );
    mutate({ act: "write", account: { ...kept, ...written } }, { onSuccess: settle });
  };
  return (
    <Form<Partial<Account>>
      form={form}
      layout="vertical"
      initialValues={shownOf(item)}
      onFinish={save}
    >
      {TEXTS.map((name) => (
        <Form.Item key={name} name={name} label={t(name)} extra={t(`${name}-hint`)}>
          <Input.TextArea rows={4} maxLength={20_000} />
        </Form.Item>
      ))}
      <Form.Item name="lead" label={t("column.lead")}>
        <Input />
      </Form.Item>
      <Form.Item name="attendees" label={t("attendees")}>
        <Select mode="tags" open={false} tokenSeparators={[",", " "]} />
      </Form.Item>
      {error !== null && <p role="alert">{error.message}</p>}
      <Button htmlType="submit" loading={isPending}>
        {t("act.save")}
      </Button>
    </Form>
  );
}

/** Brings in what others wrote; what is being typed stays, with theirs beneath it. */
function useFollowing(item: Incident) {
  const { t } = useTranslation("incidents");
  const [form] = Form.useForm<Partial<Account>>();
  const before = useRef(item);
  useEffect(() => {
    const [old, fresh] = [shownOf(before.current), shownOf(item)];
    before.current = item;
    const changed = FIELDS.filter(
      (name) => !isSame(old[name], fresh[name]) && !isSame(form.getFieldValue(name), fresh[name]),
    );
    form.setFields(
      changed.map((name) =>
        form.isFieldTouched(name)
          ? { name, warnings: [t("written-meanwhile", { text: String(fresh[name]) })] }
          : { name, value: fresh[name] },
      ),
    );
  }, [form, item, t]);
  return form;
}

function shownOf(item: Incident): Pick<Account, Field> {
  const { summary, near_cause, root_cause, attendees } = item;
  return { summary, near_cause, root_cause, attendees, lead: item.lead ?? "" };
}

/** Of two texts, or two lists of names. */
function isSame(one: unknown, other: unknown): boolean {
  return String(one) === String(other);
}
