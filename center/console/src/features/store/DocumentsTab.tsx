import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import style from "./Store.module.css";
import type { Detail } from "./useStore";

/** Where everything that is written about it is. */
export function DocumentsTab({ detail }: { detail: Detail }) {
  const { t } = useTranslation("store");
  const { name, version } = detail.card;
  const one = `/api/v1/capabilities/${name}/versions/${version}`;
  return (
    <ul className={style.documents}>
      <li>
        <Link to="/documents/$name" params={{ name }}>
          {t("documents.hub")}
        </Link>
        <p className="quiet">{t("documents.hub-text")}</p>
      </li>
      <li>
        <a href={`${one}/openapi.json`} target="_blank" rel="noreferrer">
          {t("documents.openapi", { version })}
        </a>
        <p className="quiet">{t("documents.openapi-text")}</p>
      </li>
      <li>
        <a href={`${one}/gate-report.html`} target="_blank" rel="noreferrer">
          {t("documents.gate")}
        </a>
        <p className="quiet">{t("documents.gate-text")}</p>
      </li>
    </ul>
  );
}
