import { Checkbox } from "antd";
import type { MouseEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Column } from "./columns";
import style from "./DataTable.module.css";

interface Props<T> {
  columns: Column<T>[];
  rows: T[];
  keyOf: (row: T) => string;
  onOpen: ((row: T) => void) | undefined;
  chosen?: ReadonlySet<string>;
  onToggle?: (row: T) => void;
  /** The pointer is over the rows: nothing may move. */
  onHold: () => void;
  onRelease: () => void;
}

/** A click on a link or a button within a row is that link's or button's. */
function isOwn(event: MouseEvent<HTMLElement>): boolean {
  const hit = event.target instanceof Element ? event.target : null;
  return hit?.closest("a, button, label, input") === null;
}

/** The rows. */
export function TableBody<T>(props: Props<T>) {
  const { columns, rows, keyOf, onOpen, chosen, onToggle, onHold, onRelease } = props;
  const { t } = useTranslation("shared");
  return (
    <tbody onPointerEnter={onHold} onPointerLeave={onRelease}>
      {rows.map((row) => (
        <tr
          key={keyOf(row)}
          tabIndex={-1}
          data-opens={onOpen !== undefined}
          onClick={(event) => isOwn(event) && onOpen?.(row)}
        >
          {onToggle !== undefined && (
            <td className={style.narrow}>
              <Checkbox
                checked={chosen?.has(keyOf(row)) === true}
                onChange={() => onToggle(row)}
                aria-label={`${t("table.select")}: ${keyOf(row)}`}
              />
            </td>
          )}
          {columns.map((column) => (
            <td key={column.key} data-number={column.isNumber}>
              {column.render(row)}
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  );
}
