import type { ReactNode } from "react";
import { AppearanceSwitch } from "../../app/AppearanceSwitch";
import { LanguageSwitch } from "../../app/LanguageSwitch";
import page from "./OpenPage.module.css";

interface Props {
  title: string;
  answers?: string;
  children: ReactNode;
}

/** A page before sign-in: one narrow column, and the choice of language and appearance. */
export function OpenPage({ title, answers, children }: Props) {
  return (
    <div className={page.place}>
      <div className={page.choices}>
        <LanguageSwitch />
        <AppearanceSwitch />
      </div>
      <main className={page.column}>
        <img src="/favicon.svg" alt="" width={40} height={40} />
        <h1>{title}</h1>
        {answers !== undefined && <p className="quiet">{answers}</p>}
        {children}
      </main>
    </div>
  );
}
