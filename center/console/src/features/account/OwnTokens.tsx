import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Form, Input, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";
import { api, ask, newIdempotencyKey, type Schemas } from "../../api/client";
import { FormDialog } from "../../shared/FormDialog";
import { Once } from "../../shared/Once";
import { ApiTokenTable } from "../../shared/tokens/ApiTokenTable";

const KEY = ["api-tokens"];

/** One's own API tokens; a new one may less than its owner. */
export function OwnTokens() {
  const { t } = useTranslation("account");
  return (
    <ApiTokenTable
      name="api-tokens"
      caption={t("tokens")}
      queryKey={KEY}
      load={(page) => ask(api.GET("/api/v1/api-tokens", { params: { query: page } }))}
      revoke={(id) =>
        ask(api.DELETE("/api/v1/api-tokens/{token_id}", { params: { path: { token_id: id } } }))
      }
      filters={<NewToken />}
    />
  );
}

function NewToken() {
  const { t } = useTranslation("account");
  const queries = useQueryClient();
  const me = useQuery({ queryKey: ["me"], queryFn: () => ask(api.GET("/api/v1/me")) });
  const rights = me.data?.permissions ?? [];
  const reach = me.data?.user.provinces ?? null;
  const make = async ({ scopes, provinces, ...rest }: Schemas["NewApiToken"]) => {
    const body = {
      ...rest,
      ...(scopes?.length && { scopes }),
      ...(provinces?.length && { provinces }),
    };
    const header = { "idempotency-key": newIdempotencyKey() };
    const made = await ask(api.POST("/api/v1/api-tokens", { body, params: { header } }));
    await queries.invalidateQueries({ queryKey: KEY });
    return <Once secret={made.token} />;
  };
  return (
    <FormDialog<Schemas["NewApiToken"]>
      act={t("new-token")}
      title={t("new-token")}
      isPrimary
      initial={{ lifetime_days: 90 }}
      onSubmit={make}
    >
      <Form.Item name="label" label={t("label")} rules={[{ required: true, message: t("needed") }]}>
        <Input placeholder={t("label-example")} />
      </Form.Item>
      <Form.Item name="scopes" label={t("rights")} extra={t("rights-help")}>
        <Select mode="multiple" allowClear options={rights.map((value) => ({ value }))} />
      </Form.Item>
      <Form.Item name="provinces" label={t("provinces")} extra={t("provinces-help")}>
        <Select mode="tags" options={(reach ?? []).map((value) => ({ value }))} />
      </Form.Item>
      <Form.Item name="lifetime_days" label={t("lifetime")}>
        <InputNumber min={1} max={365} suffix={t("days")} />
      </Form.Item>
    </FormDialog>
  );
}
