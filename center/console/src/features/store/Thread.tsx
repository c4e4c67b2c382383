import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import { useSession } from "../../app/session";
import { Age } from "../../shared/Age";
import { CommentForm } from "./CommentForm";
import style from "./Store.module.css";
import { type Comment, useDiscussionActs } from "./useDiscussion";

interface Props {
  name: string;
  thread: Schemas["ThreadView"];
}

/** A comment with its replies, and a place to answer. */
export function Thread({ name, thread }: Props) {
  const { t } = useTranslation("store");
  const { say } = useDiscussionActs(name);
  const [isAnswering, setAnswering] = useState(false);
  return (
    <li className={style.thread}>
      <One name={name} comment={thread} />
      <ul className={style.replies}>
        {thread.replies?.map((reply) => (
          <li key={reply.id} className={style.thread}>
            <One name={name} comment={reply} />
          </li>
        ))}
      </ul>
      {isAnswering ? (
        <CommentForm
          label={t("comment.answer")}
          act={t("comment.send")}
          error={say.error}
          onSend={(text) => say.mutateAsync({ text, parent: thread.id })}
          onCancel={() => setAnswering(false)}
        />
      ) : (
        !thread.is_deleted && (
          <Button size="small" type="link" onClick={() => setAnswering(true)}>
            {t("comment.answer")}
          </Button>
        )
      )}
    </li>
  );
}

function One({ name, comment }: { name: string; comment: Comment }) {
  const { t } = useTranslation("store");
  const { edit } = useDiscussionActs(name);
  const [isEditing, setEditing] = useState(false);
  if (isEditing) {
    return (
      <CommentForm
        label={t("comment.edit")}
        act={t("save")}
        text={comment.text ?? ""}
        error={edit.error}
        onSend={(text) => edit.mutateAsync({ comment, text })}
        onCancel={() => setEditing(false)}
      />
    );
  }
  return (
    <>
      <p className={style.line}>
        <strong>{comment.author}</strong>
        <span>{comment.organisation}</span>
        <Age at={comment.at} />
        {comment.edited_at != null && <span>{t("comment.edited")}</span>}
      </p>
      <p className={style.text}>{said(comment, t)}</p>
      <Acts name={name} comment={comment} onEdit={() => setEditing(true)} />
    </>
  );
}

type Translate = ReturnType<typeof useTranslation<"store">>["t"];

function said(comment: Comment, t: Translate): string {
  if (comment.is_deleted) return t("comment.deleted");
  if (comment.hidden_by != null) {
    return t("comment.hidden", { by: comment.hidden_by, reason: comment.hidden_reason ?? "" });
  }
  return comment.text ?? "";
}

function Acts({ name, comment, onEdit }: { name: string; comment: Comment; onEdit: () => void }) {
  const { t } = useTranslation("store");
  const { user, may } = useSession();
  const { remove, hide, show } = useDiscussionActs(name);
  const [isHiding, setHiding] = useState(false);
  if (comment.is_deleted) return null;
  const isMine = comment.author === user.name;
  const mayHide = may("moderate:discussion") && !isMine;
  if (isHiding) {
    return (
      <CommentForm
        label={t("comment.reason")}
        act={t("comment.hide")}
        error={hide.error}
        onSend={(reason) => hide.mutateAsync({ comment: comment.id, reason })}
        onCancel={() => setHiding(false)}
      />
    );
  }
  return (
    <p className={style.line}>
      {isMine && (
        <>
          <Button size="small" type="link" onClick={onEdit}>
            {t("comment.edit")}
          </Button>
          <Button size="small" type="link" onClick={() => remove.mutate(comment.id)}>
            {t("comment.delete")}
          </Button>
        </>
      )}
      {mayHide && comment.hidden_by == null && (
        <Button size="small" type="link" onClick={() => setHiding(true)}>
          {t("comment.hide")}
        </Button>
      )}
      {mayHide && comment.hidden_by != null && (
        <Button size="small" type="link" onClick={() => show.mutate(comment.id)}>
          {t("comment.show")}
        </Button>
      )}
    </p>
  );
}
