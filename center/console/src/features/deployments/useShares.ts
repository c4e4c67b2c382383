import { useNumbers } from "../../shared/numbers";

const DIGITS = 2;

/** Returns how to say a split: "1.0.0 90%, 2.0.0 10%"; versions that get no traffic are left out. */
export function useShares(): (versions: { version: string; weight: number }[]) => string {
  const { share } = useNumbers();
  return (versions) => {
    const total = versions.reduce((sum, one) => sum + one.weight, 0);
    return versions
      .filter((one) => one.weight > 0)
      .map((one) => `${one.version} ${share(one.weight / total, DIGITS)}`)
      .join(", ");
  };
}
