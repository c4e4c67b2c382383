import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask } from "../../api/client";
import style from "./Store.module.css";
import type { Detail } from "./useStore";

type Field = "task" | "accountable" | "runbook_url";
const FIELDS: readonly Field[] = ["task", "accountable", "runbook_url"];

/** For owners: what the capability is for, who answers for it, and where its runbook is. */
export function ListingForm({ detail }: { detail: Detail }) {
  const { t } = useTranslation("store");
  const [isOpen, setOpen] = useState(false);
  if (!isOpen) return <Button onClick={() => setOpen(true)}>{t("listing.edit")}</Button>;
  return <Fields detail={detail} onClose={() => setOpen(false)} />;
}

function Fields({ detail, onClose }: { detail: Detail; onClose: () => void }) {
  const { t } = useTranslation("store");
  const prefix = useId();
  const queries = useQueryClient();
  const { listing } = detail;
  const [words, setWords] = useState({
    task: listing.task ?? "",
    accountable: listing.accountable ?? "",
    runbook_url: listing.runbook_url ?? "",
  });
  const saving = useMutation({
    mutationFn: () =>
      ask(
        api.PUT("/api/v1/store/{name}/listing", {
          params: {
            path: { name: detail.card.name },
            header: { "If-Match": `"${listing.revision}"` },
          },
          body: {
            task: words.task || null,
            accountable: words.accountable || null,
            runbook_url: words.runbook_url || null,
          },
        }),
      ),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ["store"] });
      onClose();
    },
  });
  return (
    <form
      className={style.form}
      onSubmit={(event) => {
        event.preventDefault();
        saving.mutate();
      }}
    >
      {FIELDS.map((field) => (
        <label key={field} htmlFor={prefix + field}>
          {t(`listing.${field}`)}
          <Input
            id={prefix + field}
            value={words[field]}
            placeholder={t(`listing.${field}-hint`)}
            onChange={(event) => setWords({ ...words, [field]: event.target.value })}
          />
        </label>
      ))}
      {saving.error !== null && <p role="alert">{saving.error.message}</p>}
      <span>
        <Button htmlType="submit" type="primary" loading={saving.isPending}>
          {t("save")}
        </Button>{" "}
        <Button onClick={onClose}>{t("cancel")}</Button>
      </span>
    </form>
  );
}
