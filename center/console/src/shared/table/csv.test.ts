import { expect, test } from "vitest";
import type { Column } from "./columns";
import { toCsv } from "./csv";

interface Row {
  name: string;
  calls: number | null;
}

const columns: Column<Row>[] = [
  { key: "name", title: "Name", render: (row) => row.name, text: (row) => row.name },
  { key: "calls", title: "Calls", render: (row) => row.calls, text: (row) => row.calls },
];

test("the CSV holds the shown columns, quoted where it has to be", () => {
  const rows = [
    { name: 'a "quoted", name', calls: 3 },
    { name: "浙江", calls: null },
  ];

  expect(toCsv(columns, rows)).toBe('Name,Calls\r\n"a ""quoted"", name",3\r\n浙江,\r\n');
});

test("a text that a spreadsheet would run as a formula stays a text, and a number a number", () => {
  for (const name of ["=HYPERLINK(1)", "  +1", "\t@SUM(1)", "＝1+1", "－1"]) {
    expect(toCsv(columns, [{ name, calls: -4 }])).toContain(`'${name},-4`);
  }
});
