import { Form, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import { changed, shown, width, wrong } from "./request";

type Tensor = Schemas["TensorSpec"];

interface Props {
  tensors: Tensor[];
  /** The request as JSON; the form is another view of it. */
  text: string;
  onChange: (text: string) => void;
}

/** The inputs of a request, one field a tensor, with unit and what it means. */
export function InputForm({ tensors, text, onChange }: Props) {
  return (
    <Form layout="vertical" component="div">
      {tensors.map((tensor) => (
        <Field
          key={tensor.name}
          tensor={tensor}
          text={text}
          onChange={(written) => onChange(changed(text, tensor, written))}
        />
      ))}
    </Form>
  );
}

interface FieldProps {
  tensor: Tensor;
  text: string;
  onChange: (written: string) => void;
}

function Field({ tensor, text, onChange }: FieldProps) {
  const { t } = useTranslation("trial");
  const values = width(tensor);
  const problem = wrong(text, tensor);
  const unit = tensor.unit ? ` (${tensor.unit})` : "";
  const id = `trial-${tensor.name}`;
  return (
    <Form.Item
      label={`${tensor.name}${unit}`}
      htmlFor={id}
      extra={tensor.description}
      validateStatus={problem === null ? "" : "error"}
      help={problem === null ? undefined : t(`field.${problem}`, { count: values })}
    >
      {tensor.levels && values === 1 ? (
        <Select
          id={id}
          value={shown(text, tensor.name)}
          onChange={onChange}
          options={tensor.levels.map((level) => ({ value: level, label: level }))}
        />
      ) : (
        <Values id={id} tensor={tensor} value={shown(text, tensor.name)} onChange={onChange} />
      )}
    </Form.Item>
  );
}

interface ValuesProps {
  id: string;
  tensor: Tensor;
  value: string;
  onChange: (written: string) => void;
}

function Values({ id, tensor, value, onChange }: ValuesProps) {
  if (width(tensor) === 1) {
    return <Input id={id} value={value} onChange={(event) => onChange(event.target.value)} />;
  }
  // A list keeps what is being typed until the field is left, so that a space is not swallowed.
  return (
    <Input.TextArea
      id={id}
      key={value}
      defaultValue={value}
      onBlur={(event) => onChange(event.target.value)}
      rows={4}
    />
  );
}
