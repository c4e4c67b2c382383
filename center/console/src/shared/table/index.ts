export type { Column, PageRequest } from "./columns";
export { saveCsv, toCsv } from "./csv";
export { DataTable } from "./DataTable";
