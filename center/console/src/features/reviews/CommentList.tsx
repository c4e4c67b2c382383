import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Age } from "../../shared/Age";
import { QueryStates } from "../../shared/QueryStates";
import style from "./Reviews.module.css";
import { type Of, useComments, useReviewActs } from "./useReviews";

/** What was written about the version, its lines and its checks; oldest first. */
export function CommentList({ of }: { of: Of }) {
  const { t } = useTranslation("reviews");
  const query = useComments(of);
  const { comment } = useReviewActs(of);
  const [body, setBody] = useState("");
  const send = async () => {
    await comment({ body });
    setBody("");
  };
  return (
    <>
      <QueryStates
        query={query}
        isEmpty={(items) => items.length === 0}
        empty={<p className="quiet">{t("no-comments")}</p>}
      >
        {(items) => (
          <ul className={style.checks}>
            {items.map((item) => (
              <li key={item.id}>
                <strong>{item.author}</strong>{" "}
                <span className="quiet">
                  <Age at={item.at} />{" "}
                  {item.path != null && <code>{`${item.path}:${item.line}`}</code>}
                  {item.check != null && <code>{item.check}</code>}
                </span>
                <p className={style.words}>{item.body}</p>
              </li>
            ))}
          </ul>
        )}
      </QueryStates>
      <Input.TextArea
        aria-label={t("say-something")}
        placeholder={t("say-something")}
        rows={3}
        value={body}
        onChange={(event) => setBody(event.target.value)}
      />
      <Button disabled={body.trim() === ""} onClick={() => void send()}>
        {t("say")}
      </Button>
    </>
  );
}
