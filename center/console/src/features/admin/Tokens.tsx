import { useTranslation } from "react-i18next";
import { api, ask } from "../../api/client";
import { ApiTokenTable } from "../../shared/tokens/ApiTokenTable";

/** Everybody's API tokens. */
export function Tokens() {
  const { t } = useTranslation("admin");
  return (
    <ApiTokenTable
      name="issued-api-tokens"
      caption={t("tab.tokens")}
      queryKey={["issued-api-tokens"]}
      load={(page) => ask(api.GET("/api/v1/issued-api-tokens", { params: { query: page } }))}
      revoke={(id) =>
        ask(
          api.DELETE("/api/v1/issued-api-tokens/{token_id}", {
            params: { path: { token_id: id } },
          }),
        )
      }
      hasOwners
    />
  );
}
