import { Button, Form, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session";
import style from "./Incidents.module.css";
import { type Account, type Incident, useAct } from "./useIncident";

const TEXTS = ["summary", "near_cause", "root_cause"] as const;

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
  const save = (given: Partial<Account>) => {
    const { title, severity, begins_at, ends_at, capabilities, provinces } = item;
    const { summary, near_cause, root_cause, attendees } = { ...item, ...given };
    const kept = { title, severity, begins_at, ends_at, capabilities, provinces };
    const written = { summary, near_cause, root_cause, attendees, lead: given.lead || null };
    const account = { ...kept, ...written };
    mutate({ act: "write", account, revision: item.revision });
  };
  return (
    <Form<Partial<Account>>
      layout="vertical"
      initialValues={{ ...item, lead: item.lead ?? "" }}
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
