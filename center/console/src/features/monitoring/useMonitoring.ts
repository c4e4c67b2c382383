import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";
import { useLive } from "../../shared/useLive";

export type Board = Schemas["BoardView"];
export type Cell = Schemas["BoardCellView"];
export type Tile = Schemas["PlaceView"];
export type CellStory = Schemas["CellStoryView"];
export type ColumnStory = Schemas["ColumnStoryView"];
export type Histogram = Schemas["HistogramView"];

const BOARD = ["board"];
/** Without live events, a board that stays open still asks now and then: ages grow. */
const ASK_AGAIN = 60_000;

/** Every capability in every province that this person sees. */
export function useBoard() {
  useLive("monitoring", [BOARD]);
  return useQuery({
    queryKey: BOARD,
    queryFn: () => ask(api.GET("/api/v1/board")),
    placeholderData: keepPreviousData,
    refetchInterval: ASK_AGAIN,
  });
}

/** One capability in one province, with its timeline over so many days. */
export function useCell(capability: string, province: string, days: number) {
  const queryKey = [...BOARD, capability, province, days];
  useLive("monitoring", [queryKey]);
  return useQuery({
    queryKey,
    queryFn: () =>
      ask(
        api.GET("/api/v1/board/{capability}/{province}", {
          params: { path: { capability, province }, query: { days } },
        }),
      ),
    placeholderData: keepPreviousData,
  });
}

/** One column of it, as counts beside the training data. */
export function useColumn(capability: string, province: string, column: string) {
  return useQuery({
    queryKey: [...BOARD, capability, province, "column", column],
    queryFn: () =>
      ask(
        api.GET("/api/v1/board/{capability}/{province}/columns/{column}", {
          params: { path: { capability, province, column } },
        }),
      ),
  });
}
