import { useTranslation } from "react-i18next";
import { api, ask, type Schemas } from "../../api/client";
import { Age } from "../../shared/Age";
import { Notice } from "../../shared/Notice";
import { type Column, DataTable, type PageRequest } from "../../shared/table";
import { useLive } from "../../shared/useLive";
import { useNames } from "../../shared/useNames";
import { useUrlState } from "../../shared/useUrlState";
import { RolloutMark } from "./RolloutMark";

type Item = Schemas["RolloutView"];
const KEY = ["deployments", "rollouts"];

/** Versions on their way, the newest first. */
export function RolloutList() {
  const { t } = useTranslation("deployments");
  const [, open] = useUrlState("rollout");
  useLive("deployments", [KEY]);
  const load = ({ limit, cursor }: PageRequest) =>
    ask(api.GET("/api/v1/rollouts", { params: { query: { limit, ...(cursor && { cursor }) } } }));
  return (
    <DataTable<Item>
      name="rollouts"
      caption={t("tab.rollouts")}
      columns={useColumns()}
      queryKey={KEY}
      load={load}
      keyOf={(item) => item.id}
      onOpen={(item) => open(item.id, "push")}
      empty={<Notice title={t("rollout.none")}>{t("rollout.none-text")}</Notice>}
    />
  );
}

function useColumns(): Column<Item>[] {
  const { t } = useTranslation("deployments");
  const step = (item: Item) => `${item.stage + 1}/${item.stages.length}`;
  const names = (item: Item) => new Set(item.stages.flatMap((stage) => stage.provinces)).size;
  const { capabilityOf } = useNames();
  const what = (item: Item) => `${capabilityOf(item.capability)} ${item.version}`;
  return [
    { key: "what", title: t("rollout.what"), render: what, text: what },
    {
      key: "state",
      title: t("rollout.state"),
      render: (item) => <RolloutMark state={item.state} />,
      text: (item) => t(`state.${item.state}`),
    },
    { key: "stage", title: t("rollout.stage"), render: step, text: step },
    { key: "provinces", title: t("rollout.provinces"), isNumber: true, render: names, text: names },
    {
      key: "reason",
      title: t("reason"),
      render: (item) => item.reason,
      text: (item) => item.reason,
    },
    {
      key: "started",
      title: t("rollout.started"),
      render: (item) => (
        <>
          {item.started_by} · <Age at={item.started_at} />
        </>
      ),
      text: (item) => item.started_at,
    },
  ];
}
