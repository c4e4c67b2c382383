import type { CSSProperties } from "react";
import { useTranslation } from "react-i18next";
import style from "./Board.module.css";
import { spotOf } from "./placement";
import { Tile } from "./Tile";
import type { Board, Cell, Tile as TileView } from "./useMonitoring";

interface Props {
  board: Board;
  causeOf: (cell: Cell) => string;
  titleOf: (capability: string) => string;
}

/** One tile a province; on a narrow screen they follow each other, the worst first. */
export function TileGrid({ board, causeOf, titleOf }: Props) {
  const { t } = useTranslation("monitoring");
  const cells = byProvince(board.cells);
  return (
    <ul className={style.grid} aria-label={t("board.tiles")}>
      {placed(board.provinces).map(({ tile, look, order }) => (
        <li
          key={tile.name}
          className={style.spot}
          style={{ ...look, "--order": order } as CSSProperties}
        >
          <Tile
            tile={tile}
            cells={cells.get(tile.name) ?? []}
            causeOf={causeOf}
            titleOf={titleOf}
          />
        </li>
      ))}
    </ul>
  );
}

function byProvince(cells: Cell[]): Map<string, Cell[]> {
  const found = new Map<string, Cell[]>();
  for (const cell of cells) {
    const known = found.get(cell.province);
    if (known === undefined) found.set(cell.province, [cell]);
    else known.push(cell);
  }
  return found;
}

const BELOW = 7;
const WIDTH = 9;

function placed(tiles: TileView[]) {
  const badness = [...tiles].sort((a, b) => weight(b) - weight(a));
  let others = 0;
  return tiles.map((tile) => {
    const spot = spotOf(tile.name) ?? {
      row: BELOW + Math.floor(others / WIDTH),
      column: (others++ % WIDTH) + 1,
    };
    const look = { "--row": spot.row, "--column": spot.column };
    return { tile, look, order: badness.indexOf(tile) };
  });
}

/** How much a province needs a person: what is worst there counts far more than how often. */
function weight(tile: TileView): number {
  const { counts } = tile;
  return (
    (counts["quality-down"] ?? 0) * 1e6 +
    (counts.drift ?? 0) * 1e4 +
    ((counts.watch ?? 0) + (counts.late ?? 0) + (counts["no-data"] ?? 0)) * 10 +
    (counts.learning ?? 0)
  );
}
