import { useQueryClient } from "@tanstack/react-query";
import { Form, Input, Select, Space } from "antd";
import { useTranslation } from "react-i18next";
import { api, ask, newIdempotencyKey, type Schemas } from "../../api/client";
import { Age } from "../../shared/Age";
import { ConfirmAct } from "../../shared/ConfirmAct";
import { FormDialog } from "../../shared/FormDialog";
import { Once } from "../../shared/Once";
import { type Column, DataTable } from "../../shared/table";
import { useUrlState } from "../../shared/useUrlState";
import { RoleFields } from "./RoleFields";

type User = Schemas["UserView"];
type Role = NonNullable<Schemas["NewUser"]["role"]>;
const KEY = ["users"];

/** An operator whose role names no provinces is confined to the own one. */
function reachOf({ provinces, role, organisation }: User): string[] | null {
  return provinces ?? (role === "operator" ? [organisation] : null);
}

/** Who has an account, what they are, and for which provinces. */
export function Users() {
  const { t } = useTranslation("admin");
  const app = useTranslation("app").t;
  const [role, setRole] = useUrlState("role");
  const columns: Column<User>[] = [
    { key: "name", title: t("name"), render: (u) => u.name, text: (u) => u.name },
    { key: "role", title: t("role"), render: (u) => app(`role.${u.role}`), text: (u) => u.role },
    {
      key: "organisation",
      title: t("organisation"),
      render: (u) => u.organisation,
      text: (u) => u.organisation,
    },
    {
      key: "provinces",
      title: t("provinces"),
      render: (u) => reachOf(u)?.join(", ") ?? t("all"),
      text: (u) => reachOf(u)?.join(" "),
    },
    { key: "state", title: t("state"), render: (u) => t(`user.${u.state}`), text: (u) => u.state },
    {
      key: "from",
      title: t("sign-in"),
      render: (u) => t(u.is_external ? "by-provider" : "by-password"),
      text: (u) => String(u.is_external),
    },
    {
      key: "created_at",
      title: t("since"),
      render: (u) => <Age at={u.created_at} />,
      text: (u) => u.created_at,
      isHidden: true,
    },
    { key: "acts", title: "", render: (u) => <UserActs user={u} />, text: () => "" },
  ];
  const filter = (
    <Space>
      <Select
        allowClear
        placeholder={t("role")}
        aria-label={t("role")}
        value={role === "" ? null : role}
        onChange={(value: string | null) => setRole(value ?? "")}
        options={["engineer", "operator", "admin"].map((value) => ({
          value,
          label: app(`role.${value as Role}`),
        }))}
      />
      <Invite />
    </Space>
  );
  return (
    <DataTable
      name="users"
      caption={t("tab.users")}
      columns={columns}
      queryKey={[...KEY, role]}
      load={(page) =>
        ask(
          api.GET("/api/v1/users", {
            params: { query: { ...page, ...(role !== "" && { role: role as Role }) } },
          }),
        )
      }
      keyOf={(u) => u.name}
      filters={filter}
    />
  );
}

function Invite() {
  const { t } = useTranslation("admin");
  const queries = useQueryClient();
  const invite = async (body: Schemas["NewUser"]) => {
    const headers = { "idempotency-key": newIdempotencyKey() };
    const made = await ask(api.POST("/api/v1/users", { body, params: { header: headers } }));
    await queries.invalidateQueries({ queryKey: KEY });
    return <Once secret={made.invitation.code} words={t("invited", { name: made.user.name })} />;
  };
  return (
    <FormDialog<Schemas["NewUser"]>
      act={t("invite")}
      title={t("invite")}
      isPrimary
      onSubmit={invite}
    >
      <Form.Item name="name" label={t("name")} rules={[{ required: true, message: t("needed") }]}>
        <Input placeholder="li-na" />
      </Form.Item>
      <RoleFields />
    </FormDialog>
  );
}

function UserActs({ user }: { user: User }) {
  const { t } = useTranslation("admin");
  const queries = useQueryClient();
  const path = { params: { path: { name: user.name } } };
  const settle = () => queries.invalidateQueries({ queryKey: KEY });
  const change = async (body: Schemas["RoleChange"]) => {
    await ask(api.POST("/api/v1/users/{name}:change-role", { ...path, body }));
    await settle();
    return null;
  };
  const disable = () => ask(api.POST("/api/v1/users/{name}:disable", path)).then(settle);
  const enable = () => ask(api.POST("/api/v1/users/{name}:enable", path)).then(settle);
  if (user.state === "disabled") {
    const told = t("enable-what", { name: user.name });
    return <ConfirmAct act={t("enable")} title={told} consequence={told} onConfirm={enable} />;
  }
  return (
    <Space size="small">
      {!user.is_external && (
        <FormDialog<Schemas["RoleChange"]>
          act={t("change")}
          title={t("change-role", { name: user.name })}
          initial={{
            role: user.role as Role,
            organisation: user.organisation,
            ...(user.provinces !== null && { provinces: user.provinces }),
          }}
          onSubmit={change}
        >
          <RoleFields />
        </FormDialog>
      )}
      <ConfirmAct
        act={t("disable")}
        title={t("disable-title", { name: user.name })}
        consequence={t("disable-what")}
        isDanger
        onConfirm={disable}
      />
    </Space>
  );
}
