import { UserOutlined } from "@ant-design/icons";
import { Link } from "@tanstack/react-router";
import { Button, Dropdown } from "antd";
import { useTranslation } from "react-i18next";
import { useUrlState } from "../shared/useUrlState";
import { signOut, useSession } from "./session";

/** Who is signed in, what they are, and the way out. */
export function AccountMenu() {
  const { t } = useTranslation();
  const { user } = useSession();
  const [, setHelp] = useUrlState("help");
  const items = [
    {
      key: "role",
      type: "group" as const,
      label: `${t(`role.${user.role}`)} · ${user.organisation}`,
    },
    { key: "account", label: <Link to="/account">{t("frame.my-account")}</Link> },
    { key: "keys", label: t("frame.keys"), onClick: () => setHelp("keys") },
    { key: "tour", label: t("frame.tour"), onClick: () => setHelp("tour") },
    { key: "out", label: t("frame.sign-out"), onClick: signOut },
  ];
  return (
    <Dropdown trigger={["click"]} menu={{ items }}>
      <Button
        type="text"
        data-tour="account"
        icon={<UserOutlined />}
        aria-label={`${t("frame.account")}: ${user.name}`}
      >
        {user.name}
      </Button>
    </Dropdown>
  );
}
