import { useQuery } from "@tanstack/react-query";
import { Alert } from "antd";
import { useTranslation } from "react-i18next";
import { api, ask } from "../../api/client";
import { CopyButton } from "../../shared/CopyButton";
import { UrlTabs } from "../../shared/UrlTabs";
import style from "./Subscriptions.module.css";
import { forPython, forShell } from "./snippets";

interface Props {
  capability: string;
  province: string;
  clientId: string;
  /** Shown this once; it is kept nowhere but in this page. */
  secret: string;
}

/** An application's secret, once, with programs that work when they are pasted. */
export function CredentialsPanel({ capability, province, clientId, secret }: Props) {
  const { t } = useTranslation("subscriptions");
  const gateway = useGateway(province);
  const samples = useSamples(capability);
  const by = { gateway: gateway ?? "http://GATEWAY", clientId, secret };
  const program = (language: string) =>
    samples?.find((sample) => sample.language === language)?.text ?? "";
  const tabs = [
    { key: "curl", label: "curl", text: forShell(program("curl"), by) },
    { key: "python", label: "Python", text: forPython(program("python"), by) },
  ].map(({ key, label, text }) => ({
    key,
    label,
    content: (
      <>
        <CopyButton text={text} />
        <pre className={style.program}>{text}</pre>
      </>
    ),
  }));
  return (
    <section className={style.part} aria-label={t("credentials")}>
      <h2>{t("credentials")}</h2>
      <Alert type="warning" showIcon title={t("credentials-once")} />
      <dl className={style.facts}>
        <dt>client_id</dt>
        <dd>
          <code>{clientId}</code> <CopyButton text={clientId} />
        </dd>
        <dt>client_secret</dt>
        <dd>
          <code>{secret}</code> <CopyButton text={secret} />
        </dd>
        <dt>{t("gateway")}</dt>
        <dd>{gateway === undefined ? t("no-gateway") : <code>{gateway}</code>}</dd>
      </dl>
      {samples !== undefined && <UrlTabs name="program" tabs={tabs} />}
    </section>
  );
}

function useGateway(province: string): string | undefined {
  const query = useQuery({
    queryKey: ["edges"],
    queryFn: () => ask(api.GET("/api/v1/edges", { params: { query: { limit: 500 } } })),
    select: (page) => page.items.find((edge) => edge.province === province)?.gateway_url,
  });
  return query.data;
}

function useSamples(name: string) {
  const head = useQuery({
    queryKey: ["capability", name],
    queryFn: () => ask(api.GET("/api/v1/capabilities/{name}", { params: { path: { name } } })),
  });
  const version = head.data?.version ?? "";
  const query = useQuery({
    queryKey: ["code-samples", name, version],
    enabled: version !== "",
    queryFn: () =>
      ask(
        api.GET("/api/v1/capabilities/{name}/versions/{version}/code-samples", {
          params: { path: { name, version } },
        }),
      ),
  });
  return query.data;
}
