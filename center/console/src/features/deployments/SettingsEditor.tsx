import { Button, Form, Input, InputNumber, Select, Switch } from "antd";
import { useTranslation } from "react-i18next";
import { api, ask, type Schemas } from "../../api/client";
import { ConfirmAct } from "../../shared/ConfirmAct";
import { Notice } from "../../shared/Notice";
import { QueryStates } from "../../shared/QueryStates";
import style from "./Deployments.module.css";
import { match, type Place, type Setting, useChange, useSettings } from "./useDeployments";

type Overlay = Schemas["OverlayView"];
type Value = Schemas["OverlayBody"]["values"][string];
type Wish = Record<string, Value | undefined> & { reason?: string };

interface Props {
  place: Place;
  isReadOnly: boolean;
}

/** What the province chose, beside the default and what it had chosen before. */
export function SettingsEditor({ place, isReadOnly }: Props) {
  const { t } = useTranslation("deployments");
  const query = useSettings(place);
  return (
    <QueryStates
      query={query}
      isEmpty={(found) => found.settings.length === 0}
      empty={<Notice title={t("settings.none")}>{t("settings.none-text")}</Notice>}
    >
      {(found) => (
        <Editor key={found.version} place={place} overlay={found} isReadOnly={isReadOnly} />
      )}
    </QueryStates>
  );
}

function Editor({ place, overlay, isReadOnly }: Props & { overlay: Overlay }) {
  const { t } = useTranslation("deployments");
  const params = { path: { ...place }, header: match(overlay.version) };
  const save = useChange(({ reason = "", ...wish }: Wish) =>
    ask(
      api.PUT("/api/v1/provinces/{province}/deployments/{capability}/settings", {
        params,
        body: { values: chosenOf(overlay, wish), reason },
      }),
    ),
  );
  const back = useChange(() =>
    ask(
      api.POST("/api/v1/provinces/{province}/deployments/{capability}/settings:roll-back", {
        params,
        body: { version: overlay.version - 1, reason: t("settings.back-reason") },
      }),
    ),
  );
  const first = Object.fromEntries(
    overlay.settings.map((item) => [item.name, item.chosen ?? item.setting.default]),
  );
  return (
    <Form<Wish>
      layout="vertical"
      disabled={isReadOnly}
      initialValues={first}
      onFinish={(wish) => save.mutate(wish)}
    >
      <table className={style.table}>
        <thead>
          <tr>
            {(["name", "value", "default", "before"] as const).map((name) => (
              <th key={name} scope="col">
                {t(`settings.${name}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {overlay.settings.map((item) => (
            <Row key={item.name} item={item} />
          ))}
        </tbody>
      </table>
      <Form.Item name="reason" label={t("reason")} rules={[{ required: true }]}>
        <Input maxLength={500} />
      </Form.Item>
      {save.error !== null && <p role="alert">{save.error.message}</p>}
      <div className={style.acts}>
        <Button type="primary" htmlType="submit" loading={save.isPending}>
          {t("settings.save")}
        </Button>
        {overlay.version > 0 && !isReadOnly && (
          <ConfirmAct
            act={t("settings.back")}
            title={t("settings.back")}
            consequence={t("settings.back-text", {
              version: overlay.version - 1,
              province: place.province,
            })}
            onConfirm={() => back.mutateAsync(undefined)}
          />
        )}
      </div>
    </Form>
  );
}

/** What differs from the defaults: the rest stays as the package has it. */
function chosenOf(overlay: Overlay, wish: Wish): Record<string, Value> {
  const chosen: Record<string, Value> = {};
  for (const { name, setting } of overlay.settings) {
    const value = wish[name];
    if (value !== undefined && value !== null && value !== setting.default) chosen[name] = value;
  }
  return chosen;
}

function Row({ item }: { item: Setting }) {
  const { setting, name } = item;
  const isChosen = item.chosen !== null && item.chosen !== undefined;
  return (
    <tr>
      <th scope="row">
        {name}
        <div className={style.quiet}>{setting.description}</div>
      </th>
      <td data-chosen={isChosen}>
        <Form.Item
          name={name}
          noStyle
          {...(setting.kind === "boolean" ? { valuePropName: "checked" } : {})}
        >
          <Field item={item} />
        </Form.Item>{" "}
        {setting.unit}
      </td>
      <td>{String(setting.default)}</td>
      <td>{item.before === null || item.before === undefined ? "–" : String(item.before)}</td>
    </tr>
  );
}

/** The field of a kind; what antd's form gives it is passed on. */
function Field({ item, ...given }: { item: Setting }) {
  const { kind, least, most, choices } = item.setting;
  if (kind === "boolean") return <Switch aria-label={item.name} {...given} />;
  if (kind === "text" && choices) {
    const options = choices.map((value) => ({ value, label: value }));
    return <Select aria-label={item.name} options={options} {...given} />;
  }
  if (kind === "text") return <Input aria-label={item.name} {...given} />;
  const bounds = { ...(least != null && { min: least }), ...(most != null && { max: most }) };
  const precision = kind === "integer" ? { precision: 0 } : {};
  return <InputNumber aria-label={item.name} {...bounds} {...precision} {...given} />;
}
