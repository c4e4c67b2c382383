import { Tabs } from "antd";
import type { ReactNode } from "react";
import { useUrlState } from "./useUrlState";

interface Tab {
  key: string;
  label: string;
  content: ReactNode;
}

interface Props {
  tabs: Tab[];
  /** The search parameter that names the open tab. */
  name?: string;
}

/** Tabs whose open one stands in the address; only that one is rendered. */
export function UrlTabs({ tabs, name = "tab" }: Props) {
  const [open, setOpen] = useUrlState(name, tabs[0]?.key ?? "");
  const items = tabs.map(({ key, label, content }) => ({ key, label, children: content }));
  return (
    <Tabs
      activeKey={open}
      onChange={(key) => setOpen(key, "push")}
      items={items}
      destroyOnHidden
      animated={false}
    />
  );
}
