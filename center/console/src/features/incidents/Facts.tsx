import { useTranslation } from "react-i18next";
import { Age } from "../../shared/Age";
import { CopyButton } from "../../shared/CopyButton";
import { useTimes } from "../../shared/time";
import style from "./Incidents.module.css";
import { SeverityMark, StateWord, useScope } from "./marks";
import type { Incident } from "./useIncident";

/** Where a file stands, how bad it is, where and since when. */
export function Facts({ item }: { item: Incident }) {
  const { t } = useTranslation("incidents");
  const { local } = useTimes();
  const scopeOf = useScope();
  const ends = item.ends_at === null ? t("not-over") : local(new Date(item.ends_at));
  return (
    <dl className={style.facts}>
      <div>
        <dt>{t("column.state")}</dt>
        <dd>
          <StateWord state={item.state} />
        </dd>
      </div>
      <div>
        <dt>{t("column.severity")}</dt>
        <dd>
          <SeverityMark severity={item.severity} />
        </dd>
      </div>
      <div>
        <dt>{t("column.scope")}</dt>
        <dd>{scopeOf(item)}</dd>
      </div>
      <div>
        <dt>{t("period")}</dt>
        <dd>
          {local(new Date(item.begins_at))} – {ends}
        </dd>
      </div>
      <div>
        <dt>{t("column.opened")}</dt>
        <dd>
          <Age at={item.opened_at} /> · {item.opened_by}
        </dd>
      </div>
      <div>
        <dt>{t("id")}</dt>
        <dd>
          <code>{item.id}</code> <CopyButton text={item.id} />
        </dd>
      </div>
    </dl>
  );
}
