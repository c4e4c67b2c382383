import { Link } from "@tanstack/react-router";
import { Drawer } from "antd";
import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session";
import { Age } from "../../shared/Age";
import { QueryStates } from "../../shared/QueryStates";
import { useNames } from "../../shared/useNames";
import { useUrlState } from "../../shared/useUrlState";
import style from "./Deployments.module.css";
import { RolloutActs } from "./RolloutActs";
import { RolloutMark } from "./RolloutMark";
import { RolloutStages } from "./RolloutStages";
import { RolloutTraffic } from "./RolloutTraffic";
import { type Rollout, useRollout } from "./useDeployments";

/** The roll-out that the address names: its acts, its stages, and what was really served. */
export function RolloutDrawer() {
  const { t } = useTranslation("deployments");
  const [id, open] = useUrlState("rollout");
  return (
    <Drawer
      open={id !== ""}
      size={860}
      title={t("rollout.title")}
      onClose={() => open("", "push")}
      destroyOnHidden
    >
      {id !== "" && <Content id={id} />}
    </Drawer>
  );
}

function Content({ id }: { id: string }) {
  const { may } = useSession();
  const query = useRollout(id);
  return (
    <QueryStates query={query}>
      {(found) => (
        <>
          <Head item={found} />
          {may("manage:deployments") && <RolloutActs item={found} />}
          <RolloutTraffic item={found} />
          <RolloutStages item={found} />
        </>
      )}
    </QueryStates>
  );
}

function Head({ item }: { item: Rollout }) {
  const { t } = useTranslation("deployments");
  const { may } = useSession();
  const { capabilityOf } = useNames();
  return (
    <>
      <h2>
        {capabilityOf(item.capability)} {item.version}
      </h2>
      <p className={style.status} role="status">
        <RolloutMark state={item.state} />
        <span>
          {t(`rollout.since-${item.state}`)} <Age at={item.since} />
        </span>
        {item.reason !== "" && <span>{t("rollout.why", { reason: item.reason })}</span>}
        {may("read:audit") && (
          <Link to="/admin" search={{ tab: "audit", subject: `rollout/${item.id}` }}>
            {t("rollout.audit")}
          </Link>
        )}
      </p>
    </>
  );
}
