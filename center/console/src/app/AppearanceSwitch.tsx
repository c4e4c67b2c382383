import { MoonOutlined, SunOutlined } from "@ant-design/icons";
import { Button, Dropdown } from "antd";
import { useTranslation } from "react-i18next";
import { type Choice, useAppearance } from "./appearance";

const CHOICES: Choice[] = ["light", "dark", "system"];

/** Chooses light, dark, or what the system says. */
export function AppearanceSwitch() {
  const { t } = useTranslation();
  const { mode, choice, choose } = useAppearance();
  const items = CHOICES.map((key) => ({
    key,
    label: t(`frame.${key}`),
    onClick: () => choose(key),
  }));
  return (
    <Dropdown trigger={["click"]} menu={{ items, selectable: true, selectedKeys: [choice] }}>
      <Button
        type="text"
        icon={mode === "dark" ? <MoonOutlined /> : <SunOutlined />}
        aria-label={t("frame.appearance")}
      />
    </Dropdown>
  );
}
