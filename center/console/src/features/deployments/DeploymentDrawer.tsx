import { Drawer } from "antd";
import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session";
import { Age } from "../../shared/Age";
import { QueryStates } from "../../shared/QueryStates";
import { UrlTabs } from "../../shared/UrlTabs";
import { useNames } from "../../shared/useNames";
import { useUrlState } from "../../shared/useUrlState";
import { BoostForm } from "./BoostForm";
import style from "./Deployments.module.css";
import { Parts } from "./Parts";
import { RolloutForm } from "./RolloutForm";
import { SettingsEditor } from "./SettingsEditor";
import { SplitEditor } from "./SplitEditor";
import { type Deployment, type Place, useDeployment } from "./useDeployments";

/** The deployment that the address names, beside the matrix. */
export function DeploymentDrawer() {
  const [name, open] = useUrlState("deployment");
  const [province, capability] = name.split("/");
  const { provinceOf, capabilityOf } = useNames();
  return (
    <Drawer
      open={name !== ""}
      size={760}
      title={`${capabilityOf(capability ?? "")} · ${provinceOf(province ?? "")}`}
      onClose={() => open("", "push")}
      destroyOnHidden
    >
      {province !== undefined && capability !== undefined && (
        <Content place={{ province, capability }} />
      )}
    </Drawer>
  );
}

function Content({ place }: { place: Place }) {
  const query = useDeployment(place);
  return (
    <QueryStates query={query}>
      {(found) => (
        <>
          <Facts item={found} />
          <Tabs item={found} place={place} />
        </>
      )}
    </QueryStates>
  );
}

function Tabs({ item, place }: { item: Deployment; place: Place }) {
  const { t } = useTranslation("deployments");
  const { may } = useSession();
  const isOurs = may("manage:deployments");
  const tabs = [
    { key: "content", label: t("drawer.content"), content: <Parts place={place} /> },
    {
      key: "split",
      label: t("drawer.split"),
      content: <SplitEditor key={item.revision} item={item} isReadOnly={!isOurs} />,
    },
    {
      key: "settings",
      label: t("drawer.settings"),
      content: <SettingsEditor place={place} isReadOnly={!isOurs} />,
    },
  ];
  const acts = [
    { key: "boost", label: t("drawer.boost"), content: <BoostForm place={place} /> },
    { key: "rollout", label: t("drawer.rollout"), content: <RolloutForm item={item} /> },
  ];
  return <UrlTabs name="part" tabs={isOurs ? [...tabs, ...acts] : tabs} />;
}

function Facts({ item }: { item: Deployment }) {
  const { t } = useTranslation("deployments");
  return (
    <dl className={style.facts}>
      <dt>{t("priority.label")}</dt>
      <dd>{t(`priority.${item.priority}`)}</dd>
      <dt>{t("apart.label")}</dt>
      <dd>{t(`apart.${item.apart}`)}</dd>
      <dt>{t("changed")}</dt>
      <dd>
        {item.updated_by} · <Age at={item.updated_at} /> ·{" "}
        {t("revision", { number: item.revision })}
      </dd>
    </dl>
  );
}
