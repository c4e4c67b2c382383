import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, ask, type Schemas } from "../../api/client";
import { QueryStates } from "../QueryStates";
import { UrlTabs } from "../UrlTabs";
import style from "./Contract.module.css";
import { Snippet } from "./Snippet";

const NAMES: Record<Schemas["Language"], string> = {
  curl: "curl",
  python: "Python (tritonclient)",
  java: "Java",
  go: "Go",
};

/** Programs that call a version, ready to be pasted. */
export function CodeSamples({ name, version }: { name: string; version: string }) {
  const { t } = useTranslation("shared");
  const query = useQuery({
    queryKey: ["documents", "samples", name, version],
    queryFn: () =>
      ask(
        api.GET("/api/v1/capabilities/{name}/versions/{version}/code-samples", {
          params: { path: { name, version } },
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <QueryStates query={query}>
      {(samples) => (
        <section className={style.block}>
          <p className="quiet">{t("contract.credentials")}</p>
          <UrlTabs
            name="language"
            tabs={samples.map(({ language, text }) => ({
              key: language,
              label: NAMES[language],
              content: <Snippet text={text} />,
            }))}
          />
        </section>
      )}
    </QueryStates>
  );
}
