import { App, Button } from "antd";
import { useTranslation } from "react-i18next";
import { saveCsv } from "../../shared/table";

interface Props {
  query: Record<string, string>;
}

/** Saves every group of the question as CSV, not the shown page alone; made by the center. */
export function ExportButton({ query }: Props) {
  const { t } = useTranslation("operations");
  const { message } = App.useApp();
  const save = async () => {
    // Without a limit the center writes all groups, from one moment of its books.
    const answer: Response = await fetch(`/api/v1/usage?${new URLSearchParams(query)}`, {
      headers: { Accept: "text/csv" },
    });
    if (answer.ok) saveCsv("usage", await answer.text());
    else void message.error(t("export-failed"));
  };
  return <Button onClick={() => void save()}>{t("export-all")}</Button>;
}
