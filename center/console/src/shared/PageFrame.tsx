import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Age } from "./Age";
import frame from "./PageFrame.module.css";

interface Props {
  title: string;
  /** One line: the question that this page answers. */
  answers?: string;
  /** When its data was true. */
  asOf?: string | Date | undefined;
  /** Buttons; the primary one last, and one at most. */
  acts?: ReactNode;
  children: ReactNode;
}

/** The head that every page has, and its content. */
export function PageFrame({ title, answers, asOf, acts, children }: Props) {
  const { t } = useTranslation("app");
  const site = t("title");
  useEffect(() => {
    document.title = `${title} · ${site}`;
  }, [title, site]);

  return (
    <article>
      <header className={frame.head}>
        <div>
          <h1>{title}</h1>
          {(answers !== undefined || asOf !== undefined) && (
            <p className={frame.answers}>
              {answers} {asOf !== undefined && <Age at={asOf} isSentence />}
            </p>
          )}
        </div>
        {acts !== undefined && <div className={frame.acts}>{acts}</div>}
      </header>
      {children}
    </article>
  );
}
