import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { ApiProblem } from "../../api/problem";
import { CopyButton } from "../../shared/CopyButton";
import { Notice } from "../../shared/Notice";
import { PageFrame } from "../../shared/PageFrame";
import { QueryStates } from "../../shared/QueryStates";
import { UrlTabs } from "../../shared/UrlTabs";
import { useTitle } from "../../shared/useTitle";
import { Checklist } from "./Checklist";
import { CommentList } from "./CommentList";
import { Decision } from "./Decision";
import { DifferenceView } from "./DifferenceView";
import { GateReportView } from "./GateReportView";
import style from "./Reviews.module.css";
import { type Of, type Review, useDifference, useReview } from "./useReviews";

/** One version before its reviewers: the difference left, the checks right, the decision below. */
export default function ReviewPage() {
  const { name = "", version = "" } = useParams({ strict: false });
  const of = { name, version };
  const query = useReview(of);
  return <QueryStates query={query}>{(review) => <Parts of={of} review={review} />}</QueryStates>;
}

function Parts({ of, review }: { of: Of; review: Review }) {
  const { t } = useTranslation("reviews");
  const title = useTitle();
  const { version } = review;
  const tabs = [
    { key: "report", label: t("tab.report"), content: <GateReportView of={of} /> },
    { key: "checklist", label: t("tab.checklist"), content: <Checklist of={of} review={review} /> },
    { key: "comments", label: t("tab.comments"), content: <CommentList of={of} /> },
  ];
  return (
    <PageFrame
      title={`${title(version.manifest.titles)} ${version.version}`}
      answers={t("review-answers", { author: version.author, owner: version.owner })}
    >
      <p className={style.digest}>
        <span className="quiet">{t("digest")}</span> <code>{version.digests.package}</code>{" "}
        <CopyButton text={version.digests.package} />
      </p>
      <div className={style.columns}>
        <section aria-label={t("difference")}>
          <Difference of={of} against={review.against ?? undefined} />
        </section>
        <section aria-label={t("tab.report")}>
          <UrlTabs tabs={tabs} />
        </section>
      </div>
      <Decision of={of} review={review} />
    </PageFrame>
  );
}

function Difference({ of, against }: { of: Of; against: string | undefined }) {
  const { t } = useTranslation("reviews");
  const query = useDifference(of, against);
  if (query.error instanceof ApiProblem && query.error.code === "nothing-to-compare") {
    return <Notice title={t("first")}>{t("first-text")}</Notice>;
  }
  return (
    <QueryStates query={query}>
      {(found) => <DifferenceView difference={found} of={of} />}
    </QueryStates>
  );
}
