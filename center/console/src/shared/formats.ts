/**
 * The language's own formats, each made once: to make one takes a hundred times as long as to use it.
 */

const made = new Map<string, unknown>();

function once<T>(kind: string, locale: string, options: object, make: () => T): T {
  const key = `${kind} ${locale} ${JSON.stringify(options)}`;
  const known = made.get(key) as T | undefined;
  if (known !== undefined) return known;
  const format = make();
  made.set(key, format);
  return format;
}

export function numberFormat(locale: string, options: Intl.NumberFormatOptions) {
  return once("number", locale, options, () => new Intl.NumberFormat(locale, options));
}

export function timeFormat(locale: string, options: Intl.DateTimeFormatOptions) {
  return once("time", locale, options, () => new Intl.DateTimeFormat(locale, options));
}

export function agoFormat(locale: string) {
  return once("ago", locale, {}, () => new Intl.RelativeTimeFormat(locale));
}

export function listFormat(locale: string) {
  return once("list", locale, {}, () => new Intl.ListFormat(locale));
}
