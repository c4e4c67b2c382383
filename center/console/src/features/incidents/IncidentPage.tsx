import { useParams } from "@tanstack/react-router";
import { Button, Dropdown } from "antd";
import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session";
import { PageFrame } from "../../shared/PageFrame";
import { QueryStates } from "../../shared/QueryStates";
import { Actions } from "./Actions";
import { Causes } from "./Causes";
import { Facts } from "./Facts";
import style from "./Incidents.module.css";
import { StateActs } from "./StateActs";
import { Timeline } from "./Timeline";
import { type Incident, useIncident } from "./useIncident";

/** One file: its timeline beside its causes and what is done about them; it prints as a report. */
export default function IncidentPage() {
  const { t } = useTranslation("incidents");
  const { id = "" } = useParams({ strict: false });
  const { file, timeline } = useIncident(id);
  return (
    <QueryStates query={file}>
      {(item) => (
        <PageFrame
          title={item.title}
          answers={t("file-answers")}
          asOf={timeline.data?.gathered_at}
          acts={<Ways item={item} />}
        >
          <Facts item={item} />
          <div className={style.sides}>
            <Timeline item={item} query={timeline} />
            <div>
              <Causes key={item.id} item={item} />
              <Actions item={item} />
            </div>
          </div>
        </PageFrame>
      )}
    </QueryStates>
  );
}

function Ways({ item }: { item: Incident }) {
  const { t } = useTranslation("incidents");
  const { may } = useSession();
  const address = `/api/v1/incidents/${item.id}/postmortem`;
  return (
    <span className={style.noprint}>
      <Button onClick={() => window.print()}>{t("act.print")}</Button>{" "}
      <Dropdown
        trigger={["click"]}
        menu={{
          items: [
            { key: "md", label: <a href={`${address}?format=markdown`}>Markdown</a> },
            { key: "html", label: <a href={`${address}?format=html`}>HTML</a> },
          ],
        }}
      >
        <Button>{t("act.export")}</Button>
      </Dropdown>{" "}
      {may("handle:incidents") && <StateActs item={item} />}
    </span>
  );
}
