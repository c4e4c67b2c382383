/** Where a province's tile stands: the usual rough geographic order, row by row, no borders. */
const ROWS: [number, string[]][] = [
  [9, ["heilongjiang"]],
  [7, ["neimenggu", "jilin", "liaoning"]],
  [
    1,
    [
      "xinjiang",
      "gansu",
      "ningxia",
      "shaanxi",
      "shanxi",
      "beijing",
      "tianjin",
      "hebei",
      "shandong",
    ],
  ],
  [1, ["xizang", "qinghai", "sichuan", "chongqing", "henan", "anhui", "jiangsu", "shanghai"]],
  [2, ["yunnan", "guizhou", "hunan", "hubei", "jiangxi", "zhejiang"]],
  [3, ["guangxi", "guangdong", "hainan", "fujian"]],
];

export interface Spot {
  row: number;
  column: number;
}

const SPOTS: ReadonlyMap<string, Spot> = new Map(
  ROWS.flatMap(([first, names], row) =>
    names.map((name, index): [string, Spot] => [name, { row: row + 1, column: first + index }]),
  ),
);

/** The place of a province in the grid; undefined where it has none, and follows the others. */
export function spotOf(province: string): Spot | undefined {
  return SPOTS.get(province);
}
