import { Alert } from "antd";
import { useTranslation } from "react-i18next";
import { ApiProblem } from "../../api/problem";

/** Why a call was not answered, and what would cure it; whoever refused may be center, gateway or instance. */
export function Failure({ error }: { error: Error }) {
  const { t } = useTranslation("trial");
  if (error.name === "AbortError") return <p role="status">{t("cancelled")}</p>;
  if (error instanceof ApiProblem && !error.isUnreachable) return <Refusal problem={error} />;
  const text = error instanceof ApiProblem ? t("gateway-away-text") : error.message;
  return <Alert type="error" role="alert" title={t("gateway-away")} description={text} />;
}

/** In the reader's language where the code is known here, else in the words of the answer. */
function Refusal({ problem }: { problem: ApiProblem }) {
  const { t } = useTranslation("trial");
  const { code } = problem;
  const cure = t(`refusal.${code}.cure`, { defaultValue: problem.cure });
  return (
    <Alert
      type="error"
      role="alert"
      title={t(`refusal.${code}.title`, { defaultValue: problem.title })}
      description={
        <>
          <p>
            {problem.message} <code>{code}</code>
          </p>
          {cure !== "" && (
            <p>
              <strong>{t("cure")}</strong> {cure}
            </p>
          )}
        </>
      }
    />
  );
}
