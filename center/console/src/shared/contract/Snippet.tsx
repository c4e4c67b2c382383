import { CopyButton } from "../CopyButton";
import style from "./Contract.module.css";

/** Text to be copied as a whole; what does not fit scrolls, for the keyboard too. */
export function Snippet({ text }: { text: string }) {
  return (
    <>
      <CopyButton text={text} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys */}
      <pre className={style.code} tabIndex={0}>
        {text}
      </pre>
    </>
  );
}
