import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { CopyButton } from "../../shared/CopyButton";
import { PageFrame } from "../../shared/PageFrame";
import { QueryStates } from "../../shared/QueryStates";
import { useLive } from "../../shared/useLive";
import { useNames } from "../../shared/useNames";
import { Acts } from "./Acts";
import { CredentialsPanel } from "./CredentialsPanel";
import { EventList } from "./EventList";
import { StatusLine } from "./StatusLine";
import style from "./Subscriptions.module.css";
import { UsageChart } from "./UsageChart";
import { type Subscription, useSubscription } from "./useSubscriptions";

/** One subscription: who has it, what it used, and what can be done with it. */
export default function SubscriptionPage() {
  const { id = "" } = useParams({ strict: false });
  useLive("subscriptions", [["subscriptions"]]);
  const query = useSubscription(id);
  return <QueryStates query={query}>{(item) => <Detail item={item} />}</QueryStates>;
}

function Detail({ item }: { item: Subscription }) {
  const { t } = useTranslation("subscriptions");
  const { capabilityOf } = useNames();
  const [secret, setSecret] = useState<string | null>(null);
  return (
    <PageFrame
      title={capabilityOf(item.capability)}
      answers={t("detail-answers")}
      acts={<Acts item={item} onSecret={setSecret} />}
    >
      <StatusLine item={item} />
      {secret !== null && (
        <CredentialsPanel
          capability={item.capability}
          province={item.province}
          clientId={item.application}
          secret={secret}
        />
      )}
      <div className={style.columns}>
        <div>
          <UsageChart subscription={item.id} />
          <EventList subscription={item.id} />
        </div>
        <Terms item={item} />
      </div>
    </PageFrame>
  );
}

function Terms({ item }: { item: Subscription }) {
  const { t } = useTranslation("subscriptions");
  const { provinceOf } = useNames();
  const facts = [
    [t("column.plan"), item.plan],
    [t("field.daily_quota"), item.daily_quota.toLocaleString()],
    [t("field.rate_per_second"), item.rate_per_second.toLocaleString()],
    [t("field.concurrency"), item.concurrency.toLocaleString()],
    [t("field.purpose"), item.purpose],
    [t("column.cost-centre"), item.cost_centre || "–"],
    [t("column.requested-by"), item.requested_by],
    [t("column.province"), provinceOf(item.province)],
  ];
  return (
    <section className={style.part}>
      <h2>{t("terms")}</h2>
      <dl className={style.facts}>
        {facts.map(([name, value]) => (
          <div key={name} style={{ display: "contents" }}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        <dt>{t("column.application")}</dt>
        <dd>
          <code>{item.application}</code> <CopyButton text={item.application} />
        </dd>
        <dt>ID</dt>
        <dd>
          <code>{item.id}</code> <CopyButton text={item.id} />
        </dd>
      </dl>
    </section>
  );
}
