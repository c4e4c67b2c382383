import { type UIEvent, useCallback, useMemo, useState } from "react";

export const ROW = 56;
export const COLUMN = 132;
export const HEAD = 48;
export const NAMES = 200;
/** Rows and columns are drawn by this many, so that most frames of a scroll draw nothing anew. */
const STEP = 4;

interface Range {
  first: number;
  end: number;
}

/** Which rows and columns of a large table are in sight, and a step beyond each edge. */
export function useWindow(rows: number, columns: number) {
  const [down, setDown] = useState<Range>(() => range(0, 700, ROW));
  const [across, setAcross] = useState<Range>(() => range(0, 1400, COLUMN));
  const onScroll = useCallback((event: UIEvent<HTMLElement>) => {
    const { scrollTop, scrollLeft, clientWidth, clientHeight } = event.currentTarget;
    setDown((before) => kept(before, range(scrollTop, clientHeight, ROW)));
    setAcross((before) => kept(before, range(scrollLeft, clientWidth, COLUMN)));
  }, []);
  return {
    onScroll,
    rows: useMemo(() => numbers(down, rows), [down, rows]),
    columns: useMemo(() => numbers(across, columns), [across, columns]),
  };
}

function range(from: number, length: number, size: number): Range {
  const first = Math.floor(from / size / STEP) - 1;
  const end = Math.ceil((from + length) / size / STEP) + 1;
  return { first: Math.max(0, first * STEP), end: end * STEP };
}

/** The same value for the same range, so that nothing is drawn because of it. */
function kept(before: Range, now: Range): Range {
  return before.first === now.first && before.end === now.end ? before : now;
}

function numbers({ first, end }: Range, count: number): number[] {
  const length = Math.max(0, Math.min(end, count) - first);
  return Array.from({ length }, (_, index) => first + index);
}
