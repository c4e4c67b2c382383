import { createContext, type ReactNode, use, useEffect, useMemo, useState } from "react";
import { keep, kept } from "../shared/kept";
import { applyPalette, type Mode } from "./theme";

export type Choice = Mode | "system";

interface Appearance {
  mode: Mode;
  choice: Choice;
  choose: (choice: Choice) => void;
}

const Context = createContext<Appearance>({
  mode: "light",
  choice: "system",
  choose: () => undefined,
});

const DARK = "(prefers-color-scheme: dark)";
const CHOICES: readonly Choice[] = ["light", "dark", "system"];

/** Light, dark, or as the system says; remembered on this device. */
export function AppearanceProvider({ children }: { children: ReactNode }) {
  const [choice, setChoice] = useState<Choice>(() => kept("appearance", CHOICES, "system"));
  const systemIsDark = useMedia(DARK);
  const mode: Mode = choice === "system" ? (systemIsDark ? "dark" : "light") : choice;

  useEffect(() => applyPalette(mode), [mode]);
  const value = useMemo(
    () => ({
      mode,
      choice,
      choose: (next: Choice) => {
        keep("appearance", next);
        setChoice(next);
      },
    }),
    [mode, choice],
  );
  return <Context value={value}>{children}</Context>;
}

export function useAppearance(): Appearance {
  return use(Context);
}

function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => window.matchMedia(query).matches);
  useEffect(() => {
    const media = window.matchMedia(query);
    const note = () => setMatches(media.matches);
    media.addEventListener("change", note);
    return () => media.removeEventListener("change", note);
  }, [query]);
  return matches;
}
