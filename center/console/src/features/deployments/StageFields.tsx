import { Button, Form, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";
import { useNames } from "../../shared/useNames";
import { useProvinces } from "../../shared/useProvince";
import style from "./Deployments.module.css";

const NEXT = { provinces: [], percent: 100, soak_minutes: 30 };

/** The stages of a roll-out: which part of the traffic, in which provinces, for how long at least. */
export function StageFields() {
  const { t } = useTranslation("deployments");
  return (
    <fieldset className={style.rails}>
      <legend>{t("rollout.stages")}</legend>
      <Form.List name="stages">
        {(fields, { add, remove }) => (
          <>
            <table className={style.table}>
              <thead>
                <tr>
                  <th scope="col">{t("rollout.stage")}</th>
                  <th scope="col">{t("begin.provinces")}</th>
                  <th scope="col">{t("begin.percent")}</th>
                  <th scope="col">{t("begin.soak")}</th>
                  <th scope="col">{t("split.act")}</th>
                </tr>
              </thead>
              <tbody>
                {fields.map(({ key, name }) => (
                  <Stage
                    key={key}
                    name={name}
                    onRemove={fields.length > 1 ? () => remove(name) : undefined}
                  />
                ))}
              </tbody>
            </table>
            <Button onClick={() => add(NEXT)}>{t("begin.add")}</Button>
          </>
        )}
      </Form.List>
    </fieldset>
  );
}

interface StageProps {
  name: number;
  onRemove: (() => void) | undefined;
}

function Stage({ name, onRemove }: StageProps) {
  const { t } = useTranslation("deployments");
  const number = name + 1;
  const field = (part: "provinces" | "percent" | "soak" | "remove") =>
    t("begin.of-stage", { part: t(part === "remove" ? "split.remove" : `begin.${part}`), number });
  return (
    <tr>
      <td>{number}</td>
      <td className={style.wide}>
        <Provinces name={name} label={field("provinces")} />
      </td>
      <td>
        <Form.Item noStyle name={[name, "percent"]} rules={[{ required: true }]}>
          <InputNumber aria-label={field("percent")} min={1} max={100} precision={0} suffix="%" />
        </Form.Item>
        <Rest name={name} />
      </td>
      <td>
        <Form.Item noStyle name={[name, "soak_minutes"]} rules={[{ required: true }]}>
          <InputNumber aria-label={field("soak")} min={0} max={10_080} precision={0} />
        </Form.Item>
      </td>
      <td>
        {onRemove !== undefined && (
          <Button aria-label={field("remove")} onClick={onRemove}>
            {t("split.remove")}
          </Button>
        )}
      </td>
    </tr>
  );
}

function Provinces({ name, label }: { name: number; label: string }) {
  const { t } = useTranslation("deployments");
  const { provinceOf } = useNames();
  const { data: provinces = [] } = useProvinces();
  return (
    <Form.Item
      name={[name, "provinces"]}
      className={style.tight ?? ""}
      rules={[{ required: true, message: t("begin.provinces-needed") }]}
    >
      <Select
        mode="multiple"
        showSearch={{ optionFilterProp: "label" }}
        aria-label={label}
        options={provinces.map((one) => ({ value: one.name, label: provinceOf(one.name) }))}
      />
    </Form.Item>
  );
}

/** What is left for the versions of today, so that nobody has to work it out. */
function Rest({ name }: { name: number }) {
  const { t } = useTranslation("deployments");
  const percent: number = Form.useWatch(["stages", name, "percent"]) ?? 0;
  return (
    <small className={style.rest}>
      {percent === 100 ? t("begin.all") : t("begin.rest", { rest: 100 - percent })}
    </small>
  );
}
