import { useTranslation } from "react-i18next";
import { useNumbers } from "../../shared/numbers";
import { QueryStates } from "../../shared/QueryStates";
import { StateMark } from "../../shared/StateMark";
import style from "./Reviews.module.css";
import { useGateWords } from "./useGateWords";
import { type Of, type Report, useReport } from "./useReviews";

/** What the publish gate found: a verdict for each check, failed ones first with what to change. */
export function GateReportView({ of }: { of: Of }) {
  const { t } = useTranslation("reviews");
  const query = useReport(of);
  const page = `/api/v1/capabilities/${of.name}/versions/${of.version}/gate-report.html`;
  return (
    <QueryStates query={query}>
      {(report) => (
        <>
          <p>
            <StateMark
              state={report.passed ? "healthy" : "quality-down"}
              text={t(report.passed ? "passed" : "failed")}
            />{" "}
            <a href={page} target="_blank" rel="noreferrer">
              {t("plots")}
            </a>
          </p>
          <ul className={style.checks}>
            {[...report.checks]
              .sort((left, right) => Number(left.passed) - Number(right.passed))
              .map((check, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a report never changes
                <CheckLine key={index} check={check} />
              ))}
          </ul>
        </>
      )}
    </QueryStates>
  );
}

function CheckLine({ check }: { check: Report["checks"][number] }) {
  const { t } = useTranslation("reviews");
  const { figure } = useNumbers();
  const { checkOf, figureOf } = useGateWords();
  const word = check.skipped ? "skipped" : check.passed ? "passed" : "failed";
  const state = { skipped: "muted", passed: "healthy", failed: "quality-down" } as const;
  return (
    <li>
      <StateMark state={state[word]} text={t(word)} /> <strong>{checkOf(check.name)}</strong>{" "}
      {check.detail !== "" && <span className="quiet">{check.detail}</span>}
      {check.figures && check.figures.length > 0 && (
        <div className="figures quiet">
          {check.figures
            .map((one) => `${figureOf(one.name)} ${figure(one.value)} ${one.unit ?? ""}`)
            .join(" · ")}
        </div>
      )}
      {check.cure && <div>{t("cure", { cure: check.cure })}</div>}
    </li>
  );
}
