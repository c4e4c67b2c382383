import { useParams } from "@tanstack/react-router";
import { Skeleton } from "antd";
import { type ReactNode, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { PageFrame } from "../../shared/PageFrame";
import { QueryStates } from "../../shared/QueryStates";
import { UrlTabs } from "../../shared/UrlTabs";
import { useLive } from "../../shared/useLive";
import { useProvince } from "../../shared/useProvince";
import { useTitle } from "../../shared/useTitle";
import { QualityTab, TryTab } from "../trial";
import { ContractTab } from "./ContractTab";
import { DiscussionTab } from "./DiscussionTab";
import { DocumentsTab } from "./DocumentsTab";
import { Figures } from "./Figures";
import { OverviewTab } from "./OverviewTab";
import { PerformanceTab } from "./PerformanceTab";
import { Rail } from "./Rail";
import { Stars } from "./Stars";
import style from "./Store.module.css";
import { Favourite } from "./StoreCard";
import { type Detail, useCapability } from "./useStore";
import { VersionsTab } from "./VersionsTab";

/** Everything about one capability; its tab stands in the address. */
export default function CapabilityPage() {
  const { name = "" } = useParams({ strict: false });
  const query = useCapability(name);
  useLive("store", [["store", "one", name]]);
  useLive("discussion", [
    ["store", "one", name],
    ["discussion", name],
  ]);
  return (
    <QueryStates query={query} skeleton={<Skeleton active paragraph={{ rows: 8 }} />}>
      {(detail) => <Page detail={detail} />}
    </QueryStates>
  );
}

function Page({ detail }: { detail: Detail }) {
  const { t } = useTranslation("store");
  const title = useTitle();
  const { card } = detail;
  const [scope] = useProvince();
  const province = scope === "" ? undefined : scope;
  const tabs: { key: string; label: string; content: ReactNode }[] = [
    { key: "overview", label: t("tab.overview"), content: <OverviewTab detail={detail} /> },
    { key: "contract", label: t("tab.contract"), content: <ContractTab detail={detail} /> },
    {
      key: "quality",
      label: t("tab.quality"),
      content: <QualityTab capability={card.name} version={card.version} province={province} />,
    },
    {
      key: "performance",
      label: t("tab.performance"),
      content: <PerformanceTab name={card.name} />,
    },
    { key: "versions", label: t("tab.versions"), content: <VersionsTab detail={detail} /> },
    {
      key: "try",
      label: t("tab.try"),
      content: <TryTab capability={card.name} version={card.version} province={province} />,
    },
    { key: "documents", label: t("tab.documents"), content: <DocumentsTab detail={detail} /> },
    {
      key: "discussion",
      label: t("tab.discussion", { count: detail.comments }),
      content: <DiscussionTab name={card.name} />,
    },
  ];
  return (
    <PageFrame title={title(card.titles)} answers={title(card.summary)}>
      <p className={style.line}>
        <code>{card.name}</code> <span className="figures">{card.version}</span>
        {card.stage === "deprecated" && <strong>{t("deprecated")}</strong>}
        {card.rating.count > 0 && <Stars {...card.rating} />}
        <Favourite card={card} />
      </p>
      <Figures card={card} />
      <div className={style.page}>
        <Suspense fallback={<Skeleton active />}>
          <UrlTabs tabs={tabs} />
        </Suspense>
        <Rail detail={detail} />
      </div>
    </PageFrame>
  );
}
