import { Button, Dropdown } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Column } from "./columns";
import { saveCsv, toCsv } from "./csv";
import style from "./DataTable.module.css";
import type { Look } from "./useLook";

interface Props<T> {
  name: string;
  filters?: ReactNode;
  columns: Column<T>[];
  look: Look<T>;
  rows: T[];
  isFetching: boolean;
}

/** Filters to the left; columns, density and CSV to the right. */
export function TableTools<T>({ name, filters, columns, look, rows, isFetching }: Props<T>) {
  const { t } = useTranslation("shared");
  const { density, shown, setDensity, setShown } = look;
  const keys = shown.map((column) => column.key);
  const items = columns.map((column) => ({ key: column.key, label: column.title }));
  return (
    <div className={style.tools}>
      <div className={style.filters}>{filters}</div>
      <span role="status" className="quiet">
        {isFetching && t("table.refetching")}
      </span>
      <Dropdown
        trigger={["click"]}
        menu={{
          items,
          multiple: true,
          selectable: true,
          selectedKeys: keys,
          onSelect: ({ selectedKeys }) => setShown(selectedKeys),
          onDeselect: ({ selectedKeys }) => setShown(selectedKeys),
        }}
      >
        <Button type="text">{t("table.columns")}</Button>
      </Dropdown>
      <Button type="text" onClick={() => setDensity(density === "tight" ? "roomy" : "tight")}>
        {t("table.density")}: {t(`table.${density}`)}
      </Button>
      <Button
        type="text"
        disabled={rows.length === 0}
        onClick={() => saveCsv(name, toCsv(shown, rows))}
      >
        {t("table.csv")}
      </Button>
    </div>
  );
}
