import { Link, useParams } from "@tanstack/react-router";
import { Select, Skeleton } from "antd";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import { CodeSamples } from "../../shared/contract/CodeSamples";
import { ContractTable } from "../../shared/contract/ContractTable";
import { PageFrame } from "../../shared/PageFrame";
import { QueryStates } from "../../shared/QueryStates";
import { UrlTabs } from "../../shared/UrlTabs";
import { useTitle } from "../../shared/useTitle";
import { useUrlState } from "../../shared/useUrlState";
import { Compare } from "./Compare";
import { OpenApi } from "./OpenApi";
import { useVersions } from "./useDocuments";

type Version = Schemas["CapabilityVersionView"];

/** Everything that is written about one capability, version by version. */
export default function DocumentPage() {
  const { name = "" } = useParams({ strict: false });
  const query = useVersions(name);
  return (
    <QueryStates query={query} skeleton={<Skeleton active paragraph={{ rows: 8 }} />}>
      {(versions) => <Page versions={versions} />}
    </QueryStates>
  );
}

function Page({ versions }: { versions: Version[] }) {
  const { t } = useTranslation("documents");
  const title = useTitle();
  const newest = versions.find((item) => item.stage === "published") ?? versions[0];
  const [chosen, setChosen] = useUrlState("version", newest?.version ?? "");
  const shown = versions.find((item) => item.version === chosen) ?? newest;
  if (shown === undefined) return null;
  const { manifest, name, version } = shown;
  const tabs = [
    {
      key: "contract",
      label: t("tab.contract"),
      content: (
        <>
          <ContractTable title={t("inputs")} tensors={manifest.inputs} />
          <ContractTable title={t("outputs")} tensors={manifest.outputs} />
        </>
      ),
    },
    { key: "code", label: t("tab.code"), content: <CodeSamples name={name} version={version} /> },
    { key: "openapi", label: "OpenAPI", content: <OpenApi name={name} version={version} /> },
    { key: "compare", label: t("tab.compare"), content: <Compare versions={versions} /> },
  ];
  return (
    <PageFrame
      title={title(manifest.titles)}
      answers={title(manifest.summary)}
      acts={
        <>
          <Link to="/store/$name" params={{ name }}>
            {t("in-store")}
          </Link>
          <Select
            aria-label={t("column.version")}
            value={version}
            onChange={(value) => setChosen(value)}
            options={versions.map((item) => ({
              value: item.version,
              label: `${item.version} · ${t(`stage.${item.stage}`)}`,
            }))}
            popupMatchSelectWidth={false}
          />
        </>
      }
    >
      <UrlTabs tabs={tabs} />
    </PageFrame>
  );
}
