import { Select } from "antd";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import { Notice } from "../../shared/Notice";
import { QueryStates } from "../../shared/QueryStates";
import { useUrlState } from "../../shared/useUrlState";
import { Affected } from "./Affected";
import { Changes } from "./Changes";
import style from "./Documents.module.css";
import { SideBySide } from "./SideBySide";
import { useChanges } from "./useDocuments";

type Version = Schemas["CapabilityVersionView"];

/** Two versions side by side: each change with its reason, and whom it breaks. */
export function Compare({ versions }: { versions: Version[] }) {
  const { t } = useTranslation("documents");
  const [before, setBefore] = useUrlState("before", versions[1]?.version ?? "");
  const [after, setAfter] = useUrlState("after", versions[0]?.version ?? "");
  const old = versions.find((item) => item.version === before);
  const latest = versions.find((item) => item.version === after);
  const query = useChanges(versions[0]?.name ?? "", before, after);
  if (versions.length < 2) {
    return <Notice title={t("one-version")}>{t("one-version-text")}</Notice>;
  }
  return (
    <>
      <p className={style.pair}>
        <VersionSelect
          label={t("before")}
          versions={versions}
          value={before}
          onChange={setBefore}
        />
        <span aria-hidden="true">→</span>
        <VersionSelect label={t("after")} versions={versions} value={after} onChange={setAfter} />
      </p>
      {before === after ? (
        <p className="quiet">{t("choose-two")}</p>
      ) : (
        <QueryStates query={query}>
          {(data) => (
            <>
              <Changes difference={data.difference} />
              {data.difference.breaking && <Affected data={data} />}
              {old !== undefined && latest !== undefined && (
                <SideBySide
                  before={old.manifest}
                  after={latest.manifest}
                  changes={data.difference.changes}
                />
              )}
            </>
          )}
        </QueryStates>
      )}
    </>
  );
}

interface SelectProps {
  label: string;
  versions: Version[];
  value: string;
  onChange: (version: string) => void;
}

function VersionSelect({ label, versions, value, onChange }: SelectProps) {
  return (
    <Select
      aria-label={label}
      value={value}
      onChange={(version) => onChange(version)}
      options={versions.map((item) => ({ value: item.version, label: item.version }))}
      popupMatchSelectWidth={false}
    />
  );
}
