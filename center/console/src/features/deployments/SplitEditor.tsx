import { Button, Form, Input, InputNumber, Select, Switch } from "antd";
import { useTranslation } from "react-i18next";
import { api, ask, type Schemas } from "../../api/client";
import style from "./Deployments.module.css";
import { type Deployment, match, useChange } from "./useDeployments";

type Body = Schemas["DeploymentBody"];
type Version = Schemas["ShareBody"];

/** Weights, replicas and bounds of each version, and whose work makes room for whose. */
export function SplitEditor({ item, isReadOnly }: { item: Deployment; isReadOnly: boolean }) {
  const { t } = useTranslation("deployments");
  const [form] = Form.useForm<Body>();
  const versions = Form.useWatch("versions", form) ?? item.versions;
  const total = versions.reduce((sum, version) => sum + (version?.weight ?? 0), 0);
  const path = { province: item.province, capability: item.capability };
  const save = useChange((body: Body) =>
    ask(
      api.PUT("/api/v1/provinces/{province}/deployments/{capability}", {
        params: { path, header: match(item.revision) },
        body,
      }),
    ),
  );
  return (
    <Form<Body>
      form={form}
      layout="vertical"
      disabled={isReadOnly}
      initialValues={{ versions: item.versions, priority: item.priority, apart: item.apart }}
      onFinish={() => save.mutate(form.getFieldsValue(true) as Body)}
    >
      <Form.List name="versions">
        {(fields, { add, remove }) => (
          <>
            <table className={style.table}>
              <thead>
                <tr>
                  {(["version", "weight", "share", "replicas", "min", "max"] as const).map(
                    (name) => (
                      <th key={name} scope="col">
                        {t(`split.${name}`)}
                      </th>
                    ),
                  )}
                  <th scope="col">{t("split.act")}</th>
                </tr>
              </thead>
              <tbody>
                {fields.map((field) => (
                  <tr key={field.key}>
                    <Cells name={field.name} version={versions[field.name]} total={total} />
                    <td>
                      <Button size="small" onClick={() => remove(field.name)}>
                        {t("split.remove")}
                      </Button>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
            <Button onClick={() => add({ version: "", weight: 0, replicas: 1 })}>
              {t("split.add")}
            </Button>
          </>
        )}
      </Form.List>
      <div className={style.acts}>
        <Form.Item name="priority" label={t("priority.label")} help={t("priority.help")}>
          <Select
            options={(["standard", "best-effort"] as const).map((value) => ({
              value,
              label: t(`priority.${value}`),
            }))}
          />
        </Form.Item>
        <Form.Item
          name="apart"
          label={t("apart.label")}
          getValueProps={(value) => ({ checked: value === "required" })}
          getValueFromEvent={(on: boolean) => (on ? "required" : "preferred")}
        >
          <Switch aria-label={t("apart.label")} />
        </Form.Item>
      </div>
      {save.error !== null && <p role="alert">{save.error.message}</p>}
      {save.isSuccess && <p role="status">{t("saved")}</p>}
      <Button type="primary" htmlType="submit" loading={save.isPending}>
        {t("split.save")}
      </Button>
    </Form>
  );
}

interface CellsProps {
  name: number;
  version: Version | undefined;
  total: number;
}

function Cells({ name, version, total }: CellsProps) {
  const { t } = useTranslation("deployments");
  const part = total === 0 ? 0 : ((version?.weight ?? 0) * 100) / total;
  const bounds = [
    { key: "min", least: 0 },
    { key: "max", least: 1 },
  ] as const;
  return (
    <>
      <td>
        <Form.Item
          name={[name, "version"]}
          rules={[{ required: true, pattern: /^\d+\.\d+\.\d+$/, message: t("split.bad-version") }]}
          noStyle
        >
          <Input aria-label={t("split.version")} style={{ width: 96 }} />
        </Form.Item>
      </td>
      <td>
        <Form.Item name={[name, "weight"]} rules={[{ required: true }]} noStyle>
          <InputNumber aria-label={t("split.weight")} min={0} max={1_000_000} precision={0} />
        </Form.Item>
      </td>
      <td>{part.toFixed(2)}%</td>
      <td>
        <Form.Item name={[name, "replicas"]} rules={[{ required: true }]} noStyle>
          <InputNumber aria-label={t("split.replicas")} min={0} max={1000} precision={0} />
        </Form.Item>
      </td>
      {bounds.map(({ key, least }) => (
        <td key={key}>
          {version?.scaling ? (
            <Form.Item name={[name, "scaling", key]} noStyle>
              <InputNumber aria-label={t(`split.${key}`)} min={least} max={1000} precision={0} />
            </Form.Item>
          ) : (
            "–"
          )}
        </td>
      ))}
    </>
  );
}
