import { useTranslation } from "react-i18next";
import { numberFormat } from "./formats";

const NONE = "–";

export interface Numbers {
  /** A count, with separators. */
  count: (value: number | null | undefined) => string;
  /** A share of 1 as percent. */
  share: (value: number | null | undefined, digits?: number) => string;
  /** Any figure, to so many significant digits. */
  figure: (value: number | null | undefined, digits?: number) => string;
}

/** Written out, these would be rows of zeros. */
const LARGE = 1e12;
const SMALL = 1e-6;

function notationOf(value: number | null | undefined): "standard" | "scientific" {
  const size = Math.abs(value ?? 0);
  return size >= LARGE || (size > 0 && size < SMALL) ? "scientific" : "standard";
}

/** Formats of numbers in the reader's language; what is not known is a dash. */
export function useNumbers(): Numbers {
  const { i18n } = useTranslation();
  const locale = i18n.language === "en" ? "en-GB" : "zh-CN";
  const format = (value: number | null | undefined, options: Intl.NumberFormatOptions) =>
    value === null || value === undefined ? NONE : numberFormat(locale, options).format(value);
  return {
    count: (value) => format(value, { maximumFractionDigits: 0 }),
    share: (value, digits = 1) =>
      format(value, { style: "percent", maximumFractionDigits: digits }),
    figure: (value, digits = 3) =>
      format(value, { maximumSignificantDigits: digits, notation: notationOf(value) }),
  };
}
