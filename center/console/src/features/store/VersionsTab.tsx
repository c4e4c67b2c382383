import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Schemas } from "../../api/client";
import { Age } from "../../shared/Age";
import { CopyButton } from "../../shared/CopyButton";
import style from "./Store.module.css";
import type { Detail } from "./useStore";

const SHORT = 19;
const MANY = 100;

/** Every listed version, and what each changed for callers. */
export function VersionsTab({ detail }: { detail: Detail }) {
  const { t } = useTranslation("store");
  const { name } = detail.card;
  const notices = useQuery({
    queryKey: ["documents", "notices", name],
    queryFn: () =>
      ask(
        api.GET("/api/v1/change-notices", { params: { query: { capability: name, limit: MANY } } }),
      ),
  });
  const changes = new Map(notices.data?.items.map((item) => [item.version, item]));
  return (
    <ol className={style.versions}>
      {detail.versions.map((version) => (
        <li key={version.version}>
          <h2 className="figures">
            {version.version} {version.stage === "deprecated" && t("deprecated")}
          </h2>
          <p className={style.line}>
            {version.published_at !== null && <Age at={version.published_at} />}
            <span>{t("version.by", { author: version.author })}</span>
            <span>{t("version.approved", { reviewer: version.reviewer ?? "–" })}</span>
          </p>
          {version.comment !== "" && <p className={style.text}>{version.comment}</p>}
          <Change name={name} notice={changes.get(version.version)} />
          <Digests digests={version.digests} />
        </li>
      ))}
    </ol>
  );
}

function Change({
  name,
  notice,
}: {
  name: string;
  notice: Schemas["ChangeNoticeView"] | undefined;
}) {
  const { t } = useTranslation("store");
  if (notice === undefined) return null;
  if (notice.previous === null) return <p>{t("version.first")}</p>;
  const { changes } = notice.difference;
  const breaking = changes.filter((item) => item.impact === "breaking").length;
  return (
    <p>
      {changes.length === 0
        ? t("version.same", { previous: notice.previous })
        : t("version.changed", { count: changes.length, breaking, previous: notice.previous })}{" "}
      <Link
        className={style.inText}
        to="/documents/$name"
        params={{ name }}
        search={{ tab: "compare", before: notice.previous, after: notice.version }}
      >
        {t("version.compare")}
      </Link>
    </p>
  );
}

function Digests({ digests }: { digests: Schemas["PackageDigests"] }) {
  const { t } = useTranslation("store");
  const [isOpen, setOpen] = useState(false);
  if (!isOpen) {
    return (
      <Button size="small" type="link" onClick={() => setOpen(true)}>
        {t("version.digests")}
      </Button>
    );
  }
  return (
    <dl className={style.facts}>
      {(["package", "code", "weights"] as const).map((kind) => (
        <div key={kind} className={style.line}>
          <dt>{t(`version.${kind}`)}</dt>
          <dd>
            <code title={digests[kind]}>{digests[kind].slice(0, SHORT)}…</code>
            <CopyButton text={digests[kind]} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
