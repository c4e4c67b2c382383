import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import style from "./Reviews.module.css";
import { type Difference, type Of, useReviewActs } from "./useReviews";

type FileChange = NonNullable<Difference["files"]>[number];

interface Line {
  text: string;
  /** In the new file; undefined where the line is not in it. */
  number: number | undefined;
}

const HUNK = /^@@ -\d+(?:,\d+)? \+(\d+)/;

/** Number the lines of a unified diff as they stand in the new file. */
export function numbered(diff: string): Line[] {
  let next = 1;
  return diff.split("\n").map((text) => {
    const hunk = HUNK.exec(text);
    if (hunk !== null) {
      next = Number(hunk[1]);
      return { text, number: undefined };
    }
    return { text, number: text.startsWith("-") ? undefined : next++ };
  });
}

/** One changed file; a line of it can be commented on. */
export function FileDiff({ file, of }: { file: FileChange; of?: Of }) {
  const { t } = useTranslation("reviews");
  const lines = file.diff == null || file.diff === "" ? [] : numbered(file.diff);
  return (
    <details className={style.file} open={lines.length > 0 && lines.length < 80}>
      <summary>
        <code>{file.path}</code> <span className="quiet">{t(`kind.${file.kind}`)}</span>
      </summary>
      {lines.length === 0 && (
        <p className="quiet">
          {t("bytes", { before: file.before_bytes ?? 0, after: file.after_bytes ?? 0 })}
        </p>
      )}
      {lines.length > 0 && (
        <div className={style.diff}>
          {lines.map((line, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a diff's lines never move
            <DiffLine key={index} line={line} path={file.path} {...(of && { of })} />
          ))}
        </div>
      )}
      {file.truncated && <p className="quiet">{t("truncated")}</p>}
    </details>
  );
}

function DiffLine({ line, path, of }: { line: Line; path: string; of?: Of }) {
  const { t } = useTranslation("reviews");
  const [isOpen, setOpen] = useState(false);
  const { text, number } = line;
  const kind = text.startsWith("@@") ? "@" : text.charAt(0);
  return (
    <>
      <div className={style.code} data-kind={kind}>
        {of !== undefined && number !== undefined ? (
          <button
            type="button"
            className={style.lineNumber}
            aria-label={t("comment-line", { line: number })}
            onClick={() => setOpen(!isOpen)}
          >
            {number}
          </button>
        ) : (
          <span className={style.lineNumber}>{number}</span>
        )}
        <code>{text}</code>
      </div>
      {isOpen && of !== undefined && number !== undefined && (
        <LineComment of={of} path={path} line={number} onDone={() => setOpen(false)} />
      )}
    </>
  );
}

interface CommentProps {
  of: Of;
  path: string;
  line: number;
  onDone: () => void;
}

function LineComment({ of, path, line, onDone }: CommentProps) {
  const { t } = useTranslation("reviews");
  const { comment } = useReviewActs(of);
  const [body, setBody] = useState("");
  const send = async () => {
    await comment({ body, anchor: "line", path, line });
    onDone();
  };
  return (
    <div className={style.say}>
      <Input.TextArea
        aria-label={t("comment-line", { line })}
        rows={2}
        value={body}
        onChange={(event) => setBody(event.target.value)}
      />
      <Button size="small" disabled={body.trim() === ""} onClick={() => void send()}>
        {t("say")}
      </Button>
    </div>
  );
}
