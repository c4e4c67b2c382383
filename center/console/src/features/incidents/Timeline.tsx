import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button, Input, Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import { useSession } from "../../app/session";
import { QueryStates } from "../../shared/QueryStates";
import { useTimes } from "../../shared/time";
import { usePlace } from "../../shared/useNames";
import { useUrlState } from "../../shared/useUrlState";
import style from "./Incidents.module.css";
import { type Incident, type Line, useAct } from "./useIncident";

const SHOWN = ["all", "alarm", "audit", "entry"] as const;

interface Props {
  item: Incident;
  query: UseQueryResult<Schemas["TimelineView"]>;
}

/** Everything that happened around an incident, from every source, on one line of time. */
export function Timeline({ item, query }: Props) {
  const { t } = useTranslation("incidents");
  const { may } = useSession();
  const [source, setSource] = useUrlState("show", "all");
  return (
    <section>
      <h2>{t("timeline")}</h2>
      <Segmented
        className={style.noprint ?? ""}
        aria-label={t("source-of")}
        value={source}
        onChange={setSource}
        options={SHOWN.map((name) => ({ value: name, label: t(`source.${name}`) }))}
      />
      <QueryStates
        query={query}
        isEmpty={(found) => found.items.length === 0}
        empty={<p className="quiet">{t("nothing-happened")}</p>}
      >
        {(found) => (
          <ol className={style.timeline}>
            {found.items
              .filter((line) => source === "all" || line.source === source)
              .map((line) => (
                <Entry key={`${line.at} ${line.act} ${line.subject}`} line={line} />
              ))}
          </ol>
        )}
      </QueryStates>
      {item.state !== "closed" && may("handle:incidents") && <Note item={item} />}
    </section>
  );
}

function Entry({ line }: { line: Line }) {
  const { i18n } = useTranslation("incidents");
  const { local, utc } = useTimes();
  const placeOf = usePlace();
  const at = new Date(line.at);
  const language = i18n.language === "en" ? "en" : "zh";
  const says = line.says?.[language];
  const remark = line.text === line.says?.en ? "" : line.text;
  return (
    <li data-source={line.source}>
      <time dateTime={line.at} title={utc(at)} className="quiet figures">
        {local(at)}
      </time>
      <div>
        <What line={line} />{" "}
        <span className="quiet">
          {placeOf(line)} {line.actor}
        </span>
        {says !== undefined && <p>{says}</p>}
        {remark !== "" && <p className={style.text}>{remark}</p>}
      </div>
    </li>
  );
}

/** The act in the reader's words, as a link to what it was done to. */
function What({ line }: { line: Line }) {
  const { t, i18n } = useTranslation("incidents");
  const language = i18n.language === "en" ? "en" : "zh";
  const words = line.source === "entry" ? t("entry") : line.words[language];
  if (line.source !== "alarm") return <strong>{words}</strong>;
  return (
    <Link to="/alarms" search={{ alarm: line.subject.replace("alarm/", "") }}>
      <strong>{words}</strong>
    </Link>
  );
}

function Note({ item }: { item: Incident }) {
  const { t } = useTranslation("incidents");
  const [text, setText] = useState("");
  const { mutate, isPending, error } = useAct(item.id);
  const add = () =>
    mutate({ act: "note", at: new Date().toISOString(), text }, { onSuccess: () => setText("") });
  return (
    <div className={style.noprint}>
      <Input.TextArea
        aria-label={t("note")}
        placeholder={t("note")}
        rows={2}
        maxLength={4000}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {error !== null && <p role="alert">{error.message}</p>}
      <Button disabled={isPending || text.trim() === ""} onClick={add}>
        {t("act.note")}
      </Button>
    </div>
  );
}
