import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { useNumbers } from "../numbers";
import style from "./DataTable.module.css";

interface Props {
  page: {
    from: number | null;
    next: (() => void) | undefined;
    previous: (() => void) | undefined;
  };
  total: number;
  count: number;
}

/** Which rows of how many are shown, and the way to the others. */
export function TableFoot({ page: { from, next, previous }, total, count }: Props) {
  const { t } = useTranslation("shared");
  const numbers = useNumbers();
  const first = from === null ? "…" : numbers.count(from);
  const last = from === null ? "…" : numbers.count(from + count - 1);
  return (
    <div className={style.foot}>
      <span className="quiet figures">
        {t("table.range", { from: first, to: last, total: numbers.count(total) })}
      </span>
      {(previous !== undefined || next !== undefined) && (
        <>
          <Button size="small" disabled={previous === undefined} onClick={previous}>
            {t("table.previous")}
          </Button>
          <Button size="small" disabled={next === undefined} onClick={next}>
            {t("table.next")}
          </Button>
        </>
      )}
    </div>
  );
}
