import { useTranslation } from "react-i18next";

/** A figure at a batch of so many rows, such as `latency_p99_32`. */
const AT_BATCH = /^(latency_p99|cpu_per_request_of)_(\d+)/;

interface GateWords {
  checkOf: (name: string) => string;
  figureOf: (name: string) => string;
}

/** Returns how to say what the gate checked and measured; what has no words stays as it is. */
export function useGateWords(): GateWords {
  const { t, i18n } = useTranslation("reviews");
  const say = (key: string, fallback: string, n?: string) =>
    i18n.exists(key, { ns: "reviews" }) ? t(key as "measure.latency_p99-batch", { n }) : fallback;
  const checkOf = (name: string) => say(`check.${name}`, name);
  const measureOf = (name: string) => {
    const found = AT_BATCH.exec(name);
    const key = found === null ? name : `${found[1]}-batch`;
    return say(`measure.${key}`, name.replaceAll("_", " "), found?.[2]);
  };
  return {
    checkOf,
    figureOf(name) {
      const [check = "", measure] = name.split(": ");
      return measure === undefined ? measureOf(check) : `${checkOf(check)} · ${measureOf(measure)}`;
    },
  };
}
