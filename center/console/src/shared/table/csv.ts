import type { Column } from "./columns";

const BYTE_ORDER_MARK = "\uFEFF";
/** What a spreadsheet would take for a formula, an East Asian one in full width too. */
const FORMULA = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/;

/** Return rows as CSV (RFC 4180): exactly the columns that are shown, in their order. */
export function toCsv<T>(columns: Column<T>[], rows: T[]): string {
  const lines = [
    columns.map((column) => column.title),
    ...rows.map((row) => columns.map((column) => column.text(row))),
  ];
  return lines.map((line) => `${line.map(cell).join(",")}\r\n`).join("");
}

function cell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const plain = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/** Let the browser save a text; spreadsheets read its Chinese because of the mark before it. */
export function saveCsv(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([BYTE_ORDER_MARK, text], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `${name}.csv`;
  link.click();
  URL.revokeObjectURL(address);
}
