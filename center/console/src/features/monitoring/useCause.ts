import { useTranslation } from "react-i18next";
import { useNumbers } from "../../shared/numbers";
import type { Cell } from "./useMonitoring";
import { useWords } from "./useWords";

type Figures = Record<string, unknown>;

function number(figures: Figures, name: string): number | null {
  const found = figures[name];
  return typeof found === "number" ? found : null;
}

function text(figures: Figures, name: string): string {
  const found = figures[name];
  return typeof found === "string" ? found : "";
}

/**
 * Returns how to say why a cell is in its state, in one sentence of the reader's language.
 *
 * @param titleOf - Says a province's name; it is given those that drift in the same way.
 */
export function useCause(titleOf: (province: string) => string): (cell: Cell) => string {
  const { t } = useTranslation("monitoring");
  const { count, share } = useNumbers();
  const { moment, shift, list } = useWords();

  const drift = (figures: Figures) => {
    const others = Array.isArray(figures.also_in) ? figures.also_in.map(String) : [];
    const parts = [
      t("cause.drift", {
        moved: count(number(figures, "moved")),
        since: moment(text(figures, "since")),
      }),
      t("cause.largest", {
        column: text(figures, "column"),
        how: shift(number(figures, "shift"), number(figures, "effect")),
      }),
    ];
    if (others.length > 0) parts.push(t("cause.same", { places: list(others.map(titleOf)) }));
    return parts.join(t("cause.and"));
  };

  return ({ cause: { code, figures } }) => {
    switch (code) {
      case "drift":
        return drift(figures);
      case "quality-down":
        return [
          t("cause.quality-down", {
            accuracy: share(number(figures, "accuracy")),
            before: share(number(figures, "before")),
            labelled: count(number(figures, "labelled")),
          }),
          ...(figures.column === undefined ? [] : [drift(figures)]),
        ].join(t("cause.and"));
      case "late":
      case "silent":
        return t(`cause.${code}`, { at: moment(text(figures, "heard_at")) });
      case "flooded":
        return t("cause.flooded", {
          refused: count(number(figures, "refused")),
          calls: count(number(figures, "calls")),
        });
      case "errors":
        return t("cause.errors", {
          errors: count(number(figures, "errors")),
          calls: count(number(figures, "calls")),
        });
      case "quota":
        return t("cause.quota", {
          used: count(number(figures, "used")),
          quota: count(number(figures, "quota")),
        });
      case "near":
        return t("cause.near", {
          column: text(figures, "column"),
          how: shift(number(figures, "shift"), number(figures, "effect")),
        });
      case "learning":
        return t("cause.learning", { rows: count(number(figures, "rows")) });
      case "never-heard":
      case "never-called":
        return t(`cause.${code}`);
      default:
        return t("cause.healthy", { calls: count(number(figures, "calls")) });
    }
  };
}
