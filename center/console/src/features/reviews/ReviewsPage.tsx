import { Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, ask, type Schemas } from "../../api/client";
import { useSession } from "../../app/session";
import { Age } from "../../shared/Age";
import { Notice } from "../../shared/Notice";
import { PageFrame } from "../../shared/PageFrame";
import { type Column, DataTable, type PageRequest } from "../../shared/table";
import { useLive } from "../../shared/useLive";
import { useTitle } from "../../shared/useTitle";

type Waiting = Schemas["CapabilityVersionView"];

/** Versions that wait for somebody other than their author. */
export default function ReviewsPage() {
  const { t } = useTranslation("reviews");
  const title = useTitle();
  const navigate = useNavigate();
  const { user } = useSession();
  useLive("reviews", [["reviews"]]);
  const load = ({ limit, cursor }: PageRequest) =>
    ask(
      api.GET("/api/v1/reviews", {
        params: { query: { limit, ...(cursor !== undefined && { cursor }) } },
      }),
    );
  const columns: Column<Waiting>[] = [
    {
      key: "title",
      title: t("column.capability"),
      render: (row) => (
        <Link to="/reviews/$name/$version" params={{ name: row.name, version: row.version }}>
          {title(row.manifest.titles)}
        </Link>
      ),
      text: (row) => row.name,
    },
    {
      key: "version",
      title: t("column.version"),
      render: (row) => row.version,
      text: (row) => row.version,
    },
    {
      key: "domain",
      title: t("column.domain"),
      render: (row) => row.manifest.domain,
      text: (row) => row.manifest.domain,
    },
    {
      key: "author",
      title: t("column.author"),
      render: (row) =>
        row.author === user.name ? (
          <span className="quiet">{t("own", { author: row.author })}</span>
        ) : (
          row.author
        ),
      text: (row) => row.author,
    },
    {
      key: "owner",
      title: t("column.owner"),
      render: (row) => row.owner,
      text: (row) => row.owner,
    },
    {
      key: "waits",
      title: t("column.waits"),
      render: (row) => <Age at={row.review_requested_at ?? row.uploaded_at} />,
      text: (row) => row.review_requested_at,
    },
  ];
  return (
    <PageFrame title={t("title")} answers={t("answers")}>
      <DataTable
        name="reviews"
        caption={t("title")}
        columns={columns}
        queryKey={["reviews", "list"]}
        load={load}
        keyOf={(row) => `${row.name} ${row.version}`}
        onOpen={(row) =>
          void navigate({
            to: "/reviews/$name/$version",
            params: { name: row.name, version: row.version },
          })
        }
        empty={<Notice title={t("none")}>{t("none-text")}</Notice>}
      />
    </PageFrame>
  );
}
