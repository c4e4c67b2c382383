import { theme as antd, type ThemeConfig } from "antd";

/** Light or dark, as a person chose or as their system says. */
export type Mode = "light" | "dark";

/** The only file with colours. Every pair of text and ground has a contrast of at least 4.5 (AA). */
const PALETTE = {
  light: {
    ground: "#ffffff",
    raised: "#f6f7f7",
    line: "#d9dddc",
    text: "#1d2321",
    quiet: "#5a6461",
    accent: "#0e7c66",
    onAccent: "#ffffff",
    chosen: "#edf6f3",
    bad: "#b3261e",
    healthy: "#4f6b5f",
    watch: "#8a5a00",
    drift: "#b04a00",
    "quality-down": "#b3261e",
    late: "#4a6076",
    "no-data": "#5f6664",
    learning: "#6a45b0",
    muted: "#6b7270",
  },
  dark: {
    ground: "#151918",
    raised: "#1d2221",
    line: "#38403d",
    text: "#e6eae8",
    quiet: "#a3aeaa",
    accent: "#4fb89f",
    onAccent: "#10201c",
    chosen: "#1c3a32",
    bad: "#ff8a80",
    healthy: "#93b5a5",
    watch: "#e0a83a",
    drift: "#ff9d57",
    "quality-down": "#ff8a80",
    late: "#9db4cb",
    "no-data": "#a3aeaa",
    learning: "#c0a6f5",
    muted: "#98a19e",
  },
} as const;

/** Okabe and Ito's series, told apart by people with any colour vision. */
export const SERIES: Record<Mode, readonly string[]> = {
  light: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"],
  dark: ["#56b4e9", "#e69f00", "#2fbf97", "#cc79a7", "#f0e442", "#4f9bd9", "#ffffff"],
};

export const FONT =
  'system-ui, -apple-system, "Segoe UI", "PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif';
export const MONO =
  'ui-monospace, "SF Mono", Consolas, "Noto Sans Mono", "Noto Sans Mono CJK SC", monospace';

export type Colour = keyof (typeof PALETTE)["light"];

export function colour(mode: Mode, name: Colour): string {
  return PALETTE[mode][name];
}

/** Short, and none at all for those who prefer so: the durations hold for what `motion` does not stop. */
function motion() {
  const isCalm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const [fast, mid, slow] = isCalm ? ["0s", "0s", "0s"] : ["0.05s", "0.1s", "0.14s"];
  return {
    motion: !isCalm,
    motionDurationFast: fast,
    motionDurationMid: mid,
    motionDurationSlow: slow,
  };
}

/** What antd draws with; the same palette as `applyPalette` gives to our own style sheets. */
export function antdTheme(mode: Mode): ThemeConfig {
  const c = PALETTE[mode];
  return {
    algorithm: mode === "dark" ? antd.darkAlgorithm : antd.defaultAlgorithm,
    token: {
      colorPrimary: c.accent,
      // As they stand here: what antd derives for a pointed link has too little contrast in the dark.
      ...{ colorLink: c.accent, colorLinkHover: c.accent, colorLinkActive: c.accent },
      colorError: c.bad,
      colorBgBase: c.ground,
      colorBgElevated: mode === "dark" ? c.raised : c.ground,
      colorTextBase: c.text,
      colorTextSecondary: c.quiet,
      colorTextTertiary: c.quiet,
      colorTextDescription: c.quiet,
      colorTextPlaceholder: c.quiet,
      colorTextLightSolid: c.onAccent,
      colorBorder: c.line,
      borderRadius: 6,
      fontSize: 14,
      lineHeight: 1.5,
      fontFamily: FONT,
      fontFamilyCode: MONO,
      ...motion(),
    },
    components: {
      Segmented: {
        ...{ trackBg: c.raised, itemSelectedBg: c.chosen, itemSelectedColor: c.accent },
        ...{ itemColor: c.quiet, itemHoverColor: c.text },
      },
      Button: {
        ...{ primaryShadow: "none", defaultShadow: "none", dangerShadow: "none" },
        // As it stands here: what antd derives for the dark has too little contrast.
        ...{ colorError: c.bad, colorErrorHover: c.bad, colorErrorActive: c.bad },
      },
    },
  };
}

/** Give the palette to our style sheets, as `var(--accent)` and so on. */
export function applyPalette(mode: Mode): void {
  const root = document.documentElement;
  for (const [name, value] of Object.entries(PALETTE[mode])) {
    root.style.setProperty(`--${name}`, value);
  }
  root.style.setProperty("--font", FONT);
  root.style.setProperty("--mono", MONO);
  root.style.colorScheme = mode;
  root.dataset.mode = mode;
}
