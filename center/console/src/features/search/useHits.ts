import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, ask } from "../../api/client";
import { features } from "../../app/feature";
import { useSession } from "../../app/session";
import { useProvinces } from "../../shared/useProvince";
import { useTitle } from "../../shared/useTitle";
import { grouped, type Hit, matches } from "./hits";

const LIMIT = 6;
const MOST_SUBSCRIPTIONS = 200;

/** Everything that a question finds, of what this person may see. */
export function useHits(question: string): Hit[] {
  const acts = useActs(question);
  const provinces = useProvinceHits(question);
  const capabilities = useCapabilityHits(question);
  const documents = useDocumentHits(question);
  const subscriptions = useSubscriptionHits(question);
  return grouped([...capabilities, ...acts, ...subscriptions, ...provinces, ...documents]);
}

function useActs(question: string): Hit[] {
  const { t } = useTranslation("search");
  const { t: app } = useTranslation("app");
  const { may } = useSession();
  return [...features.values()].flatMap(({ menu }) => {
    if (menu === undefined || (menu.permission !== undefined && !may(menu.permission))) return [];
    const page = app(`menu.${menu.label}`);
    const text = t("go", { page });
    if (!matches(question, text, menu.path)) return [];
    return [{ group: "acts", key: menu.path, text, to: menu.path } satisfies Hit];
  });
}

function useProvinceHits(question: string): Hit[] {
  const { t } = useTranslation("search");
  const title = useTitle();
  const { data = [] } = useProvinces();
  if (question === "") return [];
  return data
    .filter((item) => matches(question, item.name, item.titles.zh, item.titles.en))
    .map((item) => ({
      group: "provinces",
      key: item.name,
      text: t("scope", { province: title(item.titles) }),
      detail: item.name,
      to: ".",
      search: { province: item.name },
    }));
}

function useCapabilityHits(question: string): Hit[] {
  const { t } = useTranslation("search");
  const { may } = useSession();
  const title = useTitle();
  const { data = [] } = useQuery({
    queryKey: ["capabilities", "search", question],
    queryFn: () =>
      ask(api.GET("/api/v1/capabilities", { params: { query: { q: question, limit: LIMIT } } })),
    enabled: question !== "",
    placeholderData: keepPreviousData,
    select: (page) => page.items,
  });
  if (question === "") return [];
  const canSubscribe = features.has("subscriptions") && may("request:subscriptions");
  return data.flatMap((item) => {
    const found: Hit = {
      group: "capabilities",
      key: item.name,
      text: title(item.titles),
      detail: item.name,
      to: `/store/${item.name}`,
    };
    const subscribe: Hit = {
      group: "acts",
      key: `subscribe ${item.name}`,
      text: t("subscribe", { capability: title(item.titles) }),
      to: "/subscriptions/new",
      search: { capability: item.name },
    };
    return canSubscribe ? [found, subscribe] : [found];
  });
}

function useDocumentHits(question: string): Hit[] {
  const title = useTitle();
  const { data = [] } = useQuery({
    queryKey: ["documents", "search", question],
    queryFn: () =>
      ask(api.GET("/api/v1/documents", { params: { query: { q: question, limit: LIMIT } } })),
    enabled: question !== "" && features.has("documents"),
    placeholderData: keepPreviousData,
    select: (page) => page.items,
  });
  if (question === "") return [];
  return data.map((item) => ({
    group: "documents",
    key: item.name,
    text: title(item.titles),
    detail: `${item.name} ${item.version}`,
    to: `/documents/${item.name}`,
  }));
}

function useSubscriptionHits(question: string): Hit[] {
  const { data = [] } = useQuery({
    queryKey: ["subscriptions", "search"],
    queryFn: () =>
      ask(api.GET("/api/v1/subscriptions", { params: { query: { limit: MOST_SUBSCRIPTIONS } } })),
    enabled: question !== "" && features.has("subscriptions"),
    select: (page) => page.items,
  });
  if (question === "") return [];
  return data
    .filter((item) => matches(question, item.id, item.capability, item.province, item.purpose))
    .map((item) => ({
      group: "subscriptions",
      key: item.id,
      text: `${item.capability} · ${item.province}`,
      detail: item.purpose,
      to: `/subscriptions/${item.id}`,
    }));
}
