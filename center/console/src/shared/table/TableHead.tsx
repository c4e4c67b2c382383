import { Checkbox } from "antd";
import { useTranslation } from "react-i18next";
import { ariaSort, type Column } from "./columns";
import style from "./DataTable.module.css";

interface Props<T> {
  columns: Column<T>[];
  sort: string;
  onSort: (key: string) => void;
  isAllChosen?: boolean;
  onChooseAll?: (all: boolean) => void;
}

const ARROWS = { ascending: "↑", descending: "↓" } as const;

/** The names of the columns; a button where the center can sort by one. */
export function TableHead<T>({ columns, sort, onSort, isAllChosen, onChooseAll }: Props<T>) {
  const { t } = useTranslation("shared");
  return (
    <thead>
      <tr>
        {onChooseAll !== undefined && (
          <th scope="col" className={style.narrow}>
            <Checkbox
              checked={isAllChosen === true}
              onChange={(event) => onChooseAll(event.target.checked)}
              aria-label={t("table.select-all")}
            />
          </th>
        )}
        {columns.map((column) => {
          const order = ariaSort(sort, column.key);
          return (
            <th key={column.key} scope="col" aria-sort={order} data-number={column.isNumber}>
              {column.isSortable ? (
                <button type="button" className={style.sort} onClick={() => onSort(column.key)}>
                  {column.title} <span aria-hidden="true">{order && ARROWS[order]}</span>
                </button>
              ) : (
                column.title
              )}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}
