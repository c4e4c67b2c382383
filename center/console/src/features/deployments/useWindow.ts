import { type UIEvent, useCallback, useState } from "react";

export const ROW = 56;
export const COLUMN = 132;
export const HEAD = 40;
export const NAMES = 200;
/** Rows and columns drawn beyond the edge, so that a quick scroll shows no gap. */
const BEYOND = 2;

interface Place {
  top: number;
  left: number;
  width: number;
  height: number;
}

/** Which rows and columns of a large table are in sight. */
export function useWindow(rows: number, columns: number) {
  const [place, setPlace] = useState<Place>({ top: 0, left: 0, width: 1400, height: 700 });
  const onScroll = useCallback((event: UIEvent<HTMLDivElement>) => {
    const { scrollTop, scrollLeft, clientWidth, clientHeight } = event.currentTarget;
    setPlace({ top: scrollTop, left: scrollLeft, width: clientWidth, height: clientHeight });
  }, []);
  return {
    onScroll,
    rows: range(place.top, place.height, ROW, rows),
    columns: range(place.left, place.width, COLUMN, columns),
  };
}

function range(from: number, length: number, size: number, count: number): number[] {
  const first = Math.max(0, Math.floor(from / size) - BEYOND);
  const last = Math.min(count, Math.ceil((from + length) / size) + BEYOND);
  return Array.from({ length: Math.max(0, last - first) }, (_, index) => first + index);
}
