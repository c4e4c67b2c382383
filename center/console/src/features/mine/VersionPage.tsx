import { Link, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { ApiProblem } from "../../api/problem";
import { Age } from "../../shared/Age";
import { ConfirmAct } from "../../shared/ConfirmAct";
import { CopyButton } from "../../shared/CopyButton";
import { Notice } from "../../shared/Notice";
import { PageFrame } from "../../shared/PageFrame";
import { QueryStates } from "../../shared/QueryStates";
import { useTimes } from "../../shared/time";
import { UrlTabs } from "../../shared/UrlTabs";
import { useLive } from "../../shared/useLive";
import { useNames } from "../../shared/useNames";
import { useTitle } from "../../shared/useTitle";
import { DifferenceView, GateReportView, useDifference } from "../reviews";
import style from "./Mine.module.css";
import { RetireAct } from "./RetireAct";
import { RetirementNotice } from "./RetirementNotice";
import { type Of, useVersion, useVersionActs, useVersions, type Version } from "./useMine";

/** One version of one's own: where it stands, what its gate found, what is different. */
export default function VersionPage() {
  const { name = "", version = "" } = useParams({ strict: false });
  const of = { name, version };
  useLive("store", [["mine"]]);
  const query = useVersion(of);
  return <QueryStates query={query}>{(item) => <Parts of={of} item={item} />}</QueryStates>;
}

function Parts({ of, item }: { of: Of; item: Version }) {
  const { t } = useTranslation("mine");
  const { day } = useTimes();
  const { provincesOf } = useNames();
  const title = useTitle();
  const isGated = item.stage !== "gating";
  const tabs = [
    ...(isGated
      ? [{ key: "report", label: t("tab.report"), content: <GateReportView of={of} /> }]
      : []),
    { key: "difference", label: t("tab.difference"), content: <Difference of={of} /> },
    { key: "versions", label: t("tab.versions"), content: <Versions name={of.name} /> },
  ];
  return (
    <PageFrame
      title={`${title(item.manifest.titles)} ${item.version}`}
      answers={t("version-answers")}
      acts={<Acts of={of} item={item} />}
    >
      <RetirementNotice of={of} />
      <dl className={style.facts}>
        <dt>{t("head.stage")}</dt>
        <dd>
          {t(`stage.${item.stage}`)}{" "}
          {item.gate_progress && <span className="quiet">{item.gate_progress}</span>}
          {item.comment && <span className="quiet">{item.comment}</span>}
        </dd>
        <dt>{t("uploaded")}</dt>
        <dd>
          {item.author} <Age at={item.uploaded_at} />
        </dd>
        <dt>{t("digest")}</dt>
        <dd>
          <code>{item.digests.package}</code> <CopyButton text={item.digests.package} />
        </dd>
        {item.conditions && (
          <>
            <dt>{t("conditions")}</dt>
            <dd>
              {item.conditions.provinces ? provincesOf(item.conditions.provinces) : t("everywhere")}{" "}
              {item.conditions.ends_at && day(new Date(item.conditions.ends_at))}
            </dd>
          </>
        )}
      </dl>
      <UrlTabs tabs={tabs} />
    </PageFrame>
  );
}

function Acts({ of, item }: { of: Of; item: Version }) {
  const { t } = useTranslation("mine");
  const { requestReview } = useVersionActs(of);
  return (
    <>
      <Link to="/reviews/$name/$version" params={{ ...of }}>
        {t("to-review")}
      </Link>
      {["published", "deprecated"].includes(item.stage) && <RetireAct of={of} />}
      {["gated", "returned"].includes(item.stage) && (
        <ConfirmAct
          act={t("request-review")}
          title={t("request-review")}
          consequence={t("request-review-text")}
          isPrimary
          onConfirm={requestReview}
        />
      )}
    </>
  );
}

function Difference({ of }: { of: Of }) {
  const { t } = useTranslation("mine");
  const query = useDifference(of);
  if (query.error instanceof ApiProblem && query.error.code === "nothing-to-compare") {
    return <Notice title={t("first")} />;
  }
  return (
    <QueryStates query={query}>{(found) => <DifferenceView difference={found} />}</QueryStates>
  );
}

function Versions({ name }: { name: string }) {
  const { t } = useTranslation("mine");
  const query = useVersions(name);
  return (
    <QueryStates query={query}>
      {(versions) => (
        <ul className={style.versions}>
          {versions.map((one) => (
            <li key={one.version}>
              <Link to="/mine/$name/$version" params={{ name, version: one.version }}>
                {one.version}
              </Link>{" "}
              {t(`stage.${one.stage}`)} <Age at={one.uploaded_at} />
            </li>
          ))}
        </ul>
      )}
    </QueryStates>
  );
}
