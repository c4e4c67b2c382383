import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import { hasScreen } from "../../app/feature";
import style from "./Documents.module.css";

/** The subscriptions within reach whose callers a breaking change breaks. */
export function Affected({ data }: { data: Schemas["ChangesView"] }) {
  const { t } = useTranslation("documents");
  const isLinked = hasScreen("/subscriptions/$id");
  return (
    <section>
      <h2>{t("affected", { count: data.affected_total })}</h2>
      <ul className={style.affected}>
        {data.affected.map((item) => (
          <li key={item.subscription}>
            {isLinked ? (
              <Link to="/subscriptions/$id" params={{ id: item.subscription }}>
                {item.application}
              </Link>
            ) : (
              item.application
            )}{" "}
            <span className="quiet">{item.province}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
