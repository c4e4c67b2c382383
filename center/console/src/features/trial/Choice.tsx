import { Select } from "antd";
import { useId } from "react";
import style from "./Trial.module.css";

interface Option {
  value: string;
  label: string;
  disabled?: boolean;
}

interface Props {
  label: string;
  /** What is chosen; the placeholder stands where nothing is. */
  value: string | undefined;
  placeholder?: string;
  options: Option[];
  onChange: (value: string) => void;
}

/** A choice under its label. */
export function Choice({ label, value, placeholder = "", options, onChange }: Props) {
  const id = useId();
  return (
    <div className={style.field}>
      <label htmlFor={id}>{label}</label>
      <Select
        id={id}
        className={style.choice ?? ""}
        value={value ?? null}
        placeholder={placeholder}
        options={options}
        onChange={(chosen) => chosen !== null && onChange(chosen)}
      />
    </div>
  );
}
