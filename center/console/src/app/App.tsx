import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { App as AntdApp, ConfigProvider } from "antd";
import en from "antd/locale/en_US";
import zh from "antd/locale/zh_CN";
import { useTranslation } from "react-i18next";
import { ApiProblem } from "../api/problem";
import { AppearanceProvider, useAppearance } from "./appearance";
import { nonce } from "./nonce";
import { makeRouter } from "./router";
import { antdTheme } from "./theme";

const RETRIES = 2;

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // A refusal is an answer; only what did not arrive is asked for again.
      retry: (count, error) =>
        count < RETRIES && !(error instanceof ApiProblem && error.status < 500 && error.status > 0),
    },
  },
});
const router = makeRouter(queries);

export function App() {
  return (
    <QueryClientProvider client={queries}>
      <AppearanceProvider>
        <Themed />
      </AppearanceProvider>
    </QueryClientProvider>
  );
}

function Themed() {
  const { mode } = useAppearance();
  const { i18n } = useTranslation();
  return (
    <ConfigProvider
      theme={antdTheme(mode)}
      locale={i18n.language === "en" ? en : zh}
      csp={{ nonce }}
      wave={{ disabled: true }}
      button={{ autoInsertSpace: false }}
    >
      <AntdApp>
        <RouterProvider router={router} />
      </AntdApp>
    </ConfigProvider>
  );
}
