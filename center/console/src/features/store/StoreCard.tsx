import { HeartFilled, HeartOutlined } from "@ant-design/icons";
import { Link } from "@tanstack/react-router";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { hasScreen } from "../../app/feature";
import { type Session, useSession } from "../../app/session";
import { useTitle } from "../../shared/useTitle";
import { Figures } from "./Figures";
import { Stars } from "./Stars";
import style from "./Store.module.css";
import { type Card, useFavourite } from "./useStore";
import { useWords } from "./useWords";

/** One capability in the list: what it is, and how it does where the reader is. */
export function StoreCard({ card }: { card: Card }) {
  const { t } = useTranslation("store");
  const { may } = useSession();
  const title = useTitle();
  const word = useWords();
  return (
    <article className={style.card}>
      <header className={style.cardHead}>
        <h2>
          <Link to="/store/$name" params={{ name: card.name }} search={keepProvince}>
            {title(card.titles)}
          </Link>
        </h2>
        <Favourite card={card} />
      </header>
      <p className={style.line}>
        <code>{card.name}</code> <span className="figures">{card.version}</span>
        {card.stage === "deprecated" && <strong> {t("deprecated")}</strong>}
        {card.rating.count > 0 && <Stars {...card.rating} />}
      </p>
      <p className={style.summary}>{title(card.summary)}</p>
      <p className={style.line}>
        {[word("domain", card.domain), word("task", card.task), word("family", card.family)].join(
          " · ",
        )}
      </p>
      <Figures card={card} />
      <footer className={style.acts}>
        {maySubscribe(may) && card.stage !== "deprecated" && (
          <Link to="/subscriptions/new" search={{ capability: card.name }}>
            {t("rail.subscribe")}
          </Link>
        )}
        {hasScreen("/documents/$name") && (
          <Link to="/documents/$name" params={{ name: card.name }}>
            {t("tab.documents")}
          </Link>
        )}
      </footer>
    </article>
  );
}

/** Follows a link with the province that is looked at, and nothing else of the search. */
export function keepProvince(before: { province?: string }): { province?: string } {
  return before.province === undefined ? {} : { province: before.province };
}

/** Whether somebody may ask for a subscription, and there is a page to ask on. */
export function maySubscribe(may: Session["may"]): boolean {
  return may("request:subscriptions") && hasScreen("/subscriptions/new");
}

export function Favourite({ card }: { card: Card }) {
  const { t } = useTranslation("store");
  const favourite = useFavourite(card.name);
  const isKept = favourite.isPending ? favourite.variables : card.is_favourite;
  return (
    <Button
      type="text"
      size="small"
      icon={isKept ? <HeartFilled /> : <HeartOutlined />}
      aria-pressed={isKept}
      aria-label={t("favourite", { name: card.name })}
      title={t(isKept ? "let-go" : "keep")}
      onClick={() => favourite.mutate(!isKept)}
    />
  );
}
