import { useTranslation } from "react-i18next";
import { Snippet } from "../../shared/contract/Snippet";
import { QueryStates } from "../../shared/QueryStates";
import { useProvince } from "../../shared/useProvince";
import { useOpenApi } from "./useDocuments";

/** The version as its callers meet it, for every tool that reads OpenAPI 3.1. */
export function OpenApi({ name, version }: { name: string; version: string }) {
  const { t } = useTranslation("documents");
  const [province] = useProvince();
  const query = useOpenApi(name, version, province);
  const address = `/api/v1/capabilities/${name}/versions/${version}/openapi.json`;
  return (
    <QueryStates query={query}>
      {(document) => {
        const text = JSON.stringify(document, null, 2);
        return (
          <section>
            <p className="quiet">{t("openapi-text")}</p>
            <p>
              <a href={address} download={`${name}-${version}.openapi.json`}>
                {t("download")}
              </a>
            </p>
            <Snippet text={text} />
          </section>
        );
      }}
    </QueryStates>
  );
}
