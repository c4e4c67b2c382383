import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import i18next from "i18next";
import { afterEach, beforeEach } from "vitest";
import { startTexts } from "./i18n";

// What a browser has and jsdom has not.
window.matchMedia ??= (query) => ({
  matches: false,
  media: query,
  onchange: null,
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
  addListener: () => undefined,
  removeListener: () => undefined,
  dispatchEvent: () => false,
});
window.scrollTo = () => undefined;
window.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
};

await startTexts();
configure({ asyncUtilTimeout: 20_000 });

beforeEach(() => i18next.changeLanguage("en"));
afterEach(() => {
  cleanup();
  localStorage.clear();
});
