import i18next, { type BackendModule, type ResourceKey } from "i18next";
import { initReactI18next } from "react-i18next";
import sharedEn from "../shared/en.json";
import { keep, kept } from "../shared/kept";
import sharedZh from "../shared/zh.json";
import appEn from "./en.json";
import appZh from "./zh.json";

export type Language = "zh" | "en";
export const LANGUAGES: readonly Language[] = ["zh", "en"];

type Texts = Record<string, ResourceKey>;
const files = import.meta.glob<Texts>("../features/*/{zh,en}.json", { import: "default" });

/** Loads a feature's texts when its first part is shown: namespace = folder name. */
const features: BackendModule = {
  type: "backend",
  init: () => undefined,
  read(language, namespace, done) {
    const load = files[`../features/${namespace}/${language}.json`];
    if (load === undefined)
      return done(new Error(`no texts of ${namespace} in ${language}`), false);
    load().then(
      (texts) => done(null, texts),
      (error: Error) => done(error, false),
    );
  },
};

/** Start the texts: Chinese unless this device chose English. */
export async function startTexts(): Promise<void> {
  i18next.on("languageChanged", (language) => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  });
  await i18next
    .use(features)
    .use(initReactI18next)
    .init({
      lng: kept("language", LANGUAGES, "zh"),
      supportedLngs: LANGUAGES,
      fallbackLng: false,
      partialBundledLanguages: true,
      ns: ["app", "shared"],
      defaultNS: "app",
      resources: {
        zh: { app: appZh, shared: sharedZh },
        en: { app: appEn, shared: sharedEn },
      },
      interpolation: { escapeValue: false },
      returnNull: false,
    });
}

export async function chooseLanguage(language: Language): Promise<void> {
  keep("language", language);
  await i18next.changeLanguage(language);
}

export function currentLanguage(): Language {
  return i18next.language === "en" ? "en" : "zh";
}
