import { Segmented, Select } from "antd";
import { useTranslation } from "react-i18next";
import { api, ask, type Page, type Schemas } from "../../api/client";
import { Notice } from "../../shared/Notice";
import { DataTable, type PageRequest } from "../../shared/table";
import { useLive } from "../../shared/useLive";
import { useProvince } from "../../shared/useProvince";
import { useUrlState } from "../../shared/useUrlState";
import { ExportButton } from "./ExportButton";
import { DIMENSIONS, type Dimension, hoursAgo, RANGES } from "./ranges";
import { useUsageColumns } from "./useUsageColumns";

type Usage = Schemas["UsageView"];
const FALLBACK = "province,capability,application";

/** Who called what how often: totals that hold each call exactly once. */
export function UsageList() {
  const { t } = useTranslation("operations");
  const [by, setBy] = useUrlState("groups", FALLBACK);
  const [hours, setHours] = useUrlState("hours", "24");
  const [capability, setCapability] = useUrlState("capability");
  const [province] = useProvince();
  useLive("operations", [["usage"]]);

  const dimensions = by.split(",") as Dimension[];
  const columns = useUsageColumns(dimensions, Number(hours));
  const scope = {
    by,
    from: hoursAgo(Number(hours)),
    ...(province === "" ? {} : { province }),
    ...(capability === "" ? {} : { capability }),
  };
  const load = async ({ limit, cursor, sort = "-calls" }: PageRequest) => {
    const query = { limit, sort, ...scope, ...(cursor && { cursor }) };
    // The other form of the answer, CSV, is for who asks for it.
    return (await ask(api.GET("/api/v1/usage", { params: { query } }))) as Page<Usage>;
  };
  return (
    <DataTable<Usage>
      name="usage"
      prefix="u-"
      caption={t("tab.usage")}
      columns={columns}
      queryKey={["usage", by, hours, province, capability]}
      load={load}
      keyOf={(row) => dimensions.map((name) => row[name] ?? "").join(" ")}
      empty={<Notice title={t("no-usage")}>{t("no-usage-text")}</Notice>}
      filters={
        <>
          <Segmented
            aria-label={t("range")}
            value={hours}
            onChange={setHours}
            options={RANGES.map((range) => ({ value: String(range), label: t(`last.${range}`) }))}
          />
          <Select
            mode="multiple"
            aria-label={t("groups")}
            popupMatchSelectWidth={false}
            value={dimensions}
            onChange={(next: Dimension[]) => setBy(next.length === 0 ? FALLBACK : next.join(","))}
            options={DIMENSIONS.map((name) => ({ value: name, label: t(`column.${name}`) }))}
          />
          {capability !== "" && (
            <Select
              aria-label={t("column.capability")}
              value={capability}
              allowClear
              onChange={(next: string | undefined) => setCapability(next ?? "")}
              options={[{ value: capability, label: capability }]}
            />
          )}
          <ExportButton query={scope} />
        </>
      }
    />
  );
}
