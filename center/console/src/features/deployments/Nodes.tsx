import { Select } from "antd";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import { Age } from "../../shared/Age";
import { Notice } from "../../shared/Notice";
import { useNumbers } from "../../shared/numbers";
import { QueryStates } from "../../shared/QueryStates";
import { useProvince, useProvinces } from "../../shared/useProvince";
import { useTitle } from "../../shared/useTitle";
import style from "./Deployments.module.css";
import { useHealth } from "./useDeployments";

type Health = Schemas["ProvinceHealthView"];
const LATE_SECONDS = 300;

/** The machines of a province, and what runs on them, as it reported last. */
export function Nodes() {
  const { t } = useTranslation("deployments");
  const say = useTitle();
  const [province, setProvince] = useProvince();
  const { data: provinces = [] } = useProvinces();
  const query = useHealth(province);
  return (
    <>
      <Select
        aria-label={t("province")}
        placeholder={t("province")}
        style={{ width: 220 }}
        value={province === "" ? null : province}
        onChange={(name: string) => setProvince(name)}
        options={provinces.map((one) => ({ value: one.name, label: say(one.titles) }))}
      />
      {province === "" ? (
        <Notice title={t("nodes.choose")}>{t("nodes.choose-text")}</Notice>
      ) : (
        <QueryStates query={query}>{(found) => <Report health={found} />}</QueryStates>
      )}
    </>
  );
}

function Report({ health }: { health: Health }) {
  const { t } = useTranslation("deployments");
  const { count } = useNumbers();
  return (
    <>
      <p className={style.quiet}>
        {t("nodes.reported")} <Age at={health.reported_at} staleAfter={LATE_SECONDS} /> ·{" "}
        {t("revision", { number: health.state_revision })}
      </p>
      <table className={style.table}>
        <caption className="unseen">{t("tab.nodes")}</caption>
        <thead>
          <tr>
            {(["node", "cpu", "memory", "gpu", "engines", "instances"] as const).map((name) => (
              <th key={name} scope="col">
                {t(`nodes.${name}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {health.nodes.map((node) => (
            <tr key={node.node}>
              <th scope="row">{node.node}</th>
              <td>{count(node.cpu_millicores / 1000)}</td>
              <td>{count(node.memory_mib)} MiB</td>
              <td>{node.gpu_model ?? "–"}</td>
              <td>{node.engines.join(", ")}</td>
              <td>{health.instances.filter((item) => item.node === node.node).length}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Instances health={health} />
    </>
  );
}

function Instances({ health }: { health: Health }) {
  const { t } = useTranslation("deployments");
  const { count } = useNumbers();
  return (
    <table className={style.table}>
      <caption className="unseen">{t("nodes.instances")}</caption>
      <thead>
        <tr>
          {(["instance", "capability", "node", "health", "restarts", "detail"] as const).map(
            (name) => (
              <th key={name} scope="col">
                {t(`nodes.${name}`)}
              </th>
            ),
          )}
        </tr>
      </thead>
      <tbody>
        {health.instances.map((item) => (
          <tr key={item.id}>
            <td>
              <code>{item.id}</code>
            </td>
            <td>
              {item.capability} {item.version}
            </td>
            <td>{item.node}</td>
            <td data-tick={item.health === "failed" ? "different" : undefined}>
              {t(`health.${item.health}`)}
            </td>
            <td>{count(item.restarts)}</td>
            <td>{item.detail}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
