import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Progress, Upload } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import style from "./Mine.module.css";
import { PackageProblem, upload } from "./upload";
import type { Version } from "./useMine";

type State =
  | { kind: "idle" }
  | { kind: "sending"; share: number }
  | { kind: "kept"; version: Version }
  | { kind: "refused"; error: Error };

/** Takes a package by drag and drop; a refusal names each rule that it breaks. */
export function UploadPart() {
  const { t } = useTranslation("mine");
  const queries = useQueryClient();
  const [state, setState] = useState<State>({ kind: "idle" });
  const take = async (file: Blob) => {
    setState({ kind: "sending", share: 0 });
    const token = queries.getQueryData<Schemas["MeNow"]>(["me"])?.csrf_token ?? "";
    try {
      const version = await upload(file, token, (share) => setState({ kind: "sending", share }));
      setState({ kind: "kept", version });
      await queries.invalidateQueries({ queryKey: ["mine"] });
    } catch (error) {
      setState({ kind: "refused", error: error instanceof Error ? error : new Error("?") });
    }
  };
  return (
    <section className={style.upload} aria-label={t("upload")}>
      <Upload.Dragger
        accept=".gz,.tgz"
        maxCount={1}
        showUploadList={false}
        disabled={state.kind === "sending"}
        customRequest={({ file }) => void take(file as Blob)}
      >
        <p>{t("upload")}</p>
        <p className="quiet">{t("upload-text")}</p>
      </Upload.Dragger>
      {state.kind === "sending" && (
        <Progress
          aria-label={t("upload")}
          percent={Math.round(state.share * 100)}
          status="active"
          format={(percent) => (percent === 100 ? t("inspecting") : `${percent} %`)}
        />
      )}
      <Outcome state={state} />
    </section>
  );
}

/** What became of an upload. */
export function Outcome({ state }: { state: State }) {
  const { t } = useTranslation("mine");
  if (state.kind === "kept") {
    const { name, version } = state.version;
    return (
      <p role="status">
        {t("kept", { name, version })}{" "}
        <Link to="/mine/$name/$version" params={{ name, version }}>
          {t("to-version")}
        </Link>
      </p>
    );
  }
  if (state.kind !== "refused") return null;
  const breaks = state.error instanceof PackageProblem ? state.error.breaks : [];
  return (
    <div role="alert">
      <p>
        <strong>{t("refused")}</strong> {breaks.length === 0 && state.error.message}
      </p>
      <ul>
        {breaks.map((one) => (
          <li key={`${one.name} ${one.detail}`}>
            <strong>{one.name}</strong>: {one.detail}
            {one.cure !== "" && <div className="quiet">{t("cure", { cure: one.cure })}</div>}
          </li>
        ))}
      </ul>
    </div>
  );
}
