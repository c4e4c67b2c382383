import { Button, Input, Rate } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import { Age } from "../../shared/Age";
import { useNumbers } from "../../shared/numbers";
import { QueryStates } from "../../shared/QueryStates";
import style from "./Store.module.css";
import { useDiscussionActs, useRatings, useRatingTexts } from "./useDiscussion";

/** Mean, spread and words of the ratings, and one's own. */
export function Ratings({ name }: { name: string }) {
  const { t } = useTranslation("store");
  const summary = useRatings(name);
  const texts = useRatingTexts(name);
  return (
    <section className={style.block}>
      <h2>{t("rating.title")}</h2>
      <QueryStates query={summary}>
        {(data) => (
          <>
            <Spread summary={data} />
            <Mine key={data.mine?.at ?? "none"} name={name} mine={data.mine} />
          </>
        )}
      </QueryStates>
      <ul className={style.documents}>
        {texts.data?.items
          .filter((item) => item.text !== "")
          .map((item) => (
            <li key={item.author}>
              <span aria-hidden="true">{"★".repeat(item.stars)}</span>
              <span className="unseen">{t("rating.stars", { count: item.stars })}</span> {item.text}
              <p className={style.line}>
                {item.author} · {item.organisation} · <Age at={item.at} />
              </p>
            </li>
          ))}
      </ul>
    </section>
  );
}

function Spread({ summary }: { summary: Schemas["RatingSummaryView"] }) {
  const { t } = useTranslation("store");
  const { figure } = useNumbers();
  if (summary.count === 0) return <p className="quiet">{t("rating.none")}</p>;
  const spread = summary.by_stars.map((n, index) => `${index + 1}★ ${n}`).reverse();
  return (
    <p className="figures">
      {t("rating.spoken", { mean: figure(summary.mean, 2), count: summary.count })}
      <span className="quiet"> · {spread.join(" · ")}</span>
    </p>
  );
}

function Mine({ name, mine }: { name: string; mine: Schemas["RatingView"] | null }) {
  const { t } = useTranslation("store");
  const { rate } = useDiscussionActs(name);
  const [stars, setStars] = useState(mine?.stars ?? 0);
  const [text, setText] = useState(mine?.text ?? "");
  const isNew = stars !== (mine?.stars ?? 0) || text !== (mine?.text ?? "");
  return (
    <form
      className={style.form}
      onSubmit={(event) => {
        event.preventDefault();
        rate.mutate({ stars, text });
      }}
    >
      <fieldset className={style.facet}>
        <legend>{t("rating.mine")}</legend>
        <Rate value={stars} onChange={setStars} allowClear={false} />
      </fieldset>
      {stars > 0 && isNew && (
        <>
          <Input.TextArea
            aria-label={t("rating.text")}
            placeholder={t("rating.text")}
            maxLength={2000}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          <Button htmlType="submit" loading={rate.isPending}>
            {t("rating.send")}
          </Button>
        </>
      )}
      {rate.error !== null && <p role="alert">{rate.error.message}</p>}
    </form>
  );
}
