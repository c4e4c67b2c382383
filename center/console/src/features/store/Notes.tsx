import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import { Age } from "../../shared/Age";
import { QueryStates } from "../../shared/QueryStates";
import style from "./Store.module.css";
import { useDiscussionActs, useNoteHistory, useNotes } from "./useDiscussion";

/** What each role wrote down for the others: need, data, performance, runbook. */
export function Notes({ name }: { name: string }) {
  const query = useNotes(name);
  return (
    <QueryStates query={query}>
      {({ items }) => items.map((note) => <Note key={note.kind} name={name} note={note} />)}
    </QueryStates>
  );
}

interface NoteProps {
  name: string;
  note: Schemas["NoteView"];
}

function Note({ name, note }: NoteProps) {
  const { t } = useTranslation("store");
  const [shown, setShown] = useState<"text" | "form" | "history">("text");
  const { kind, current } = note;
  const by = current === null ? null : t("note.by", { author: current.author, role: current.role });
  return (
    <section className={style.block} id={kind} aria-label={t(`note.${kind}`)}>
      <h2>{t(`note.${kind}`)}</h2>
      {shown === "form" ? (
        <NoteForm name={name} note={note} onClose={() => setShown("text")} />
      ) : (
        <>
          {current === null || current.text === "" ? (
            <p className="quiet">{t(`note.${kind}-empty`)}</p>
          ) : (
            <p className={style.text}>{current.text}</p>
          )}
          <p className={style.line}>
            {current !== null && (
              <span>
                {by} · <Age at={current.at} />
              </span>
            )}
            {current !== null && current.revision > 1 && (
              <Button
                size="small"
                type="link"
                onClick={() => setShown(shown === "history" ? "text" : "history")}
              >
                {t("note.history", { count: current.revision - 1 })}
              </Button>
            )}
            {note.may_write && (
              <Button size="small" type="link" onClick={() => setShown("form")}>
                {t(current === null ? "note.write" : "note.edit")}
              </Button>
            )}
          </p>
        </>
      )}
      {shown === "history" && <History name={name} kind={kind} />}
    </section>
  );
}

function NoteForm({ name, note, onClose }: NoteProps & { onClose: () => void }) {
  const { t } = useTranslation("store");
  const { write } = useDiscussionActs(name);
  const [text, setText] = useState(note.current?.text ?? "");
  const was = note.current?.revision ?? 0;
  return (
    <form
      className={style.form}
      onSubmit={(event) => {
        event.preventDefault();
        write.mutate({ kind: note.kind, text, was }, { onSuccess: onClose });
      }}
    >
      <Input.TextArea
        aria-label={t(`note.${note.kind}`)}
        rows={6}
        maxLength={20_000}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {write.error !== null && <p role="alert">{write.error.message}</p>}
      <span>
        <Button htmlType="submit" type="primary" loading={write.isPending}>
          {t("save")}
        </Button>{" "}
        <Button onClick={onClose}>{t("cancel")}</Button>
      </span>
    </form>
  );
}

function History({ name, kind }: { name: string; kind: Schemas["NoteKind"] }) {
  const { t } = useTranslation("store");
  const query = useNoteHistory(name, kind, true);
  return (
    <QueryStates query={query}>
      {({ items }) => (
        <ol reversed className={style.history}>
          {items.slice(1).map((item) => (
            <li key={item.revision}>
              <p className={style.text}>{item.text}</p>
              <p className={style.line}>
                {t("note.by", { author: item.author, role: item.role })} · <Age at={item.at} />
              </p>
            </li>
          ))}
        </ol>
      )}
    </QueryStates>
  );
}
