import { App, Button } from "antd";
import { useTranslation } from "react-i18next";
import { saveCsv } from "../../shared/table";

const MOST = "10000";

interface Props {
  query: Record<string, string>;
}

/** Saves every group of the question as CSV, not the shown page alone; made by the center. */
export function ExportButton({ query }: Props) {
  const { t } = useTranslation("operations");
  const { message } = App.useApp();
  const save = async () => {
    const parts: string[] = [];
    let cursor: string | null = "0";
    while (cursor !== null) {
      const asked: string = new URLSearchParams({ ...query, limit: MOST, cursor }).toString();
      const answer: Response = await fetch(`/api/v1/usage?${asked}`, {
        headers: { Accept: "text/csv" },
      });
      if (!answer.ok) {
        void message.error(t("export-failed"));
        return;
      }
      const text = await answer.text();
      parts.push(parts.length === 0 ? text : text.slice(text.indexOf("\n") + 1));
      cursor = answer.headers.get("x-next-cursor");
    }
    saveCsv("usage", parts.join(""));
  };
  return <Button onClick={() => void save()}>{t("export-all")}</Button>;
}
