import { Link, useRouterState } from "@tanstack/react-router";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { ApiProblem, cureOf } from "../api/problem";
import { Notice } from "./Notice";

/** A page that is not there. */
export function NotFoundPage() {
  const { t } = useTranslation("shared");
  const path = useRouterState({ select: (state) => state.location.pathname });
  return (
    <Notice title={t("not-found")} acts={<Link to="/">{t("home")}</Link>}>
      {t("not-found-text", { path })}
    </Notice>
  );
}

/** A page that somebody may not see: says which right is missing, and who gives it. */
export function ForbiddenPage({ needed }: { needed?: string }) {
  const { t } = useTranslation("shared");
  return (
    <Notice title={t("forbidden")} acts={<Link to="/">{t("home")}</Link>}>
      {needed === undefined ? t("forbidden-plain") : t("forbidden-text", { needed })}
    </Notice>
  );
}

interface Failure {
  error: unknown;
  /** How to try again; reloads the page where it is not given. */
  reset?: () => void;
}

/** A failure, in the words of whoever refused, with what to do. */
export function ErrorPage({ error, reset }: Failure) {
  const { t } = useTranslation("shared");
  if (error instanceof ApiProblem && error.status === 403) return <ForbiddenPage />;
  const isAway = error instanceof ApiProblem && error.isUnreachable;
  const retry = reset ?? (() => window.location.reload());
  return (
    <Notice title={t("error")} isAlert acts={<Button onClick={retry}>{t("retry")}</Button>}>
      {isAway ? t("unreachable") : String(error instanceof Error ? error.message : error)}{" "}
      {cureOf(error)}
    </Notice>
  );
}
