import { Input } from "antd";
import { useEffect, useRef, useState } from "react";

const TYPING = 150;

interface Props {
  /** What is searched for, as the address has it. */
  text: string;
  label: string;
  onChange: (text: string) => void;
  className?: string | undefined;
}

/** Searches as somebody types, shortly after each pause; it keeps up with the address. */
export function SearchBox({ text, label, onChange, className = "" }: Props) {
  const [typed, setTyped] = useState(text);
  const told = useRef(text);
  useEffect(() => {
    // The address changed by other means, such as the back button; not by what was typed here.
    if (text !== told.current) setTyped(text);
    told.current = text;
  }, [text]);
  useEffect(() => {
    if (typed === told.current) return undefined;
    const timer = window.setTimeout(() => {
      told.current = typed;
      onChange(typed);
    }, TYPING);
    return () => window.clearTimeout(timer);
  }, [typed, onChange]);
  return (
    <Input
      type="search"
      className={className}
      allowClear
      maxLength={200}
      aria-label={label}
      placeholder={label}
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
    />
  );
}
