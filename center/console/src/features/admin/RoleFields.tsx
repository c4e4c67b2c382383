import { useQuery } from "@tanstack/react-query";
import { Form, Select } from "antd";
import { useTranslation } from "react-i18next";
import { api, ask } from "../../api/client";

const ROLES = ["engineer", "operator", "admin"] as const;

/** Role, organisation, and the provinces that the role is for. */
export function RoleFields() {
  const { t } = useTranslation("admin");
  const app = useTranslation("app").t;
  const organisations = useQuery({
    queryKey: ["organisations", "choice"],
    queryFn: () => ask(api.GET("/api/v1/organisations", { params: { query: { limit: 500 } } })),
  });
  const items = organisations.data?.items ?? [];
  const named = items.map(({ name, titles }) => ({ value: name, label: `${titles.zh} ${name}` }));
  const provinces = named.filter(({ value }) =>
    items.some(({ name, kind }) => name === value && kind === "province"),
  );
  return (
    <>
      <Form.Item name="role" label={t("role")} rules={[{ required: true, message: t("needed") }]}>
        <Select options={ROLES.map((role) => ({ value: role, label: app(`role.${role}`) }))} />
      </Form.Item>
      <Form.Item
        name="organisation"
        label={t("organisation")}
        rules={[{ required: true, message: t("needed") }]}
      >
        <Select showSearch optionFilterProp="label" options={named} />
      </Form.Item>
      <Form.Item name="provinces" label={t("provinces")} extra={t("provinces-help")}>
        <Select mode="multiple" allowClear optionFilterProp="label" options={provinces} />
      </Form.Item>
    </>
  );
}
