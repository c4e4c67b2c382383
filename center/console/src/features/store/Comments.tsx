import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { QueryStates } from "../../shared/QueryStates";
import { CommentForm } from "./CommentForm";
import style from "./Store.module.css";
import { Thread } from "./Thread";
import { useComments, useDiscussionActs } from "./useDiscussion";

/** Questions and answers, newest first. */
export function Comments({ name }: { name: string }) {
  const { t } = useTranslation("store");
  const query = useComments(name);
  const { say } = useDiscussionActs(name);
  return (
    <section className={style.block}>
      <h2>{t("comment.title")}</h2>
      <CommentForm
        label={t("comment.new")}
        act={t("comment.send")}
        error={say.error}
        onSend={(text) => say.mutateAsync({ text })}
      />
      <QueryStates
        query={query}
        isEmpty={(data) => data.pages[0]?.total === 0}
        empty={<p className="quiet">{t("comment.none")}</p>}
      >
        {(data) => (
          <ul className={style.threads}>
            {data.pages
              .flatMap((page) => page.items)
              .map((thread) => (
                <Thread key={thread.id} name={name} thread={thread} />
              ))}
          </ul>
        )}
      </QueryStates>
      {query.hasNextPage && <Button onClick={() => void query.fetchNextPage()}>{t("more")}</Button>}
    </section>
  );
}
