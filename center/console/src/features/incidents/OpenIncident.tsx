import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Button, Form, Input, Select, Space } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, newIdempotencyKey, type Schemas } from "../../api/client";
import { QueryStates } from "../../shared/QueryStates";
import { useProvince } from "../../shared/useProvince";
import { useUrlChange } from "../../shared/useUrlState";
import { useOpenIncident } from "./useIncident";

type Body = Schemas["NewIncidentBody"];

/** A file about which nothing has been said yet. */
const NOTHING = {
  title: "",
  severity: "warning",
  kind: "incident",
  provinces: [],
  capabilities: [],
  attendees: [],
  summary: "",
  near_cause: "",
  root_cause: "",
} as const satisfies Partial<Body> & Record<string, unknown>;

/** Opens a file, with what an alarm says where one is given. */
export function OpenIncident({ alarm }: { alarm: string }) {
  const [province] = useProvince();
  const plain: Partial<Body> = province === "" ? {} : { provinces: [province] };
  return alarm === "" ? <Fields first={plain} /> : <FromAlarm alarm={alarm} />;
}

function FromAlarm({ alarm }: { alarm: string }) {
  const { i18n } = useTranslation("incidents");
  const query = useQuery({
    queryKey: ["alarms", alarm],
    queryFn: () => ask(api.GET("/api/v1/alarms/{alarm}", { params: { path: { alarm } } })),
  });
  return (
    <QueryStates query={query}>
      {(found) => (
        <Fields
          first={{
            title: i18n.language === "en" ? found.says.en : found.says.zh,
            severity: found.severity,
            begins_at: found.first_seen,
            provinces: found.province === "" ? [] : [found.province],
            capabilities: found.capability === "" ? [] : [found.capability],
          }}
        />
      )}
    </QueryStates>
  );
}

function Fields({ first }: { first: Partial<Body> }) {
  const { t } = useTranslation("incidents");
  const navigate = useNavigate();
  const change = useUrlChange();
  const [key] = useState(newIdempotencyKey);
  const { mutate, isPending, error } = useOpenIncident();
  const begins = first.begins_at ?? new Date().toISOString();

  const save = (given: Partial<Body>) => {
    const body: Body = { ...NOTHING, ...first, ...given, begins_at: begins };
    mutate(
      { body, key },
      { onSuccess: (file) => void navigate({ to: `/incidents/${file.id}`, search: {} }) },
    );
  };
  return (
    <Form<Partial<Body>>
      layout="vertical"
      initialValues={{ ...NOTHING, ...first }}
      onFinish={save}
      style={{ maxWidth: 640 }}
    >
      <Form.Item
        name="title"
        label={t("column.title")}
        rules={[{ required: true, min: 3, max: 300, message: t("title-needed") }]}
      >
        <Input maxLength={300} />
      </Form.Item>
      <Space wrap>
        <Form.Item name="kind" label={t("column.kind")}>
          <Select
            popupMatchSelectWidth={false}
            options={(["incident", "launch-review"] as const).map((name) => ({
              value: name,
              label: t(`kind.${name}`),
            }))}
          />
        </Form.Item>
        <Form.Item name="severity" label={t("column.severity")}>
          <Select
            popupMatchSelectWidth={false}
            options={(["critical", "warning", "notice"] as const).map((name) => ({
              value: name,
              label: t(`severity.${name}`),
            }))}
          />
        </Form.Item>
      </Space>
      <Form.Item name="provinces" label={t("provinces")} extra={t("none-means-all")}>
        <Select mode="tags" open={false} tokenSeparators={[",", " "]} />
      </Form.Item>
      <Form.Item name="capabilities" label={t("capabilities")} extra={t("none-means-all")}>
        <Select mode="tags" open={false} tokenSeparators={[",", " "]} />
      </Form.Item>
      <Form.Item name="summary" label={t("summary")}>
        <Input.TextArea rows={3} maxLength={20_000} />
      </Form.Item>
      {error !== null && <p role="alert">{error.message}</p>}
      <Space>
        <Button type="primary" htmlType="submit" loading={isPending}>
          {t("act.open")}
        </Button>
        <Button onClick={() => change({ new: undefined, from: undefined }, "push")}>
          {t("act.cancel")}
        </Button>
      </Space>
    </Form>
  );
}
