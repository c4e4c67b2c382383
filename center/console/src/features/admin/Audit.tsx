import { useMutation } from "@tanstack/react-query";
import { Alert, Button, Flex, Input, Space } from "antd";
import { useTranslation } from "react-i18next";
import { api, ask, type Page, type Schemas } from "../../api/client";
import type { paths } from "../../api/schema";
import { useSession } from "../../app/session";
import { Age } from "../../shared/Age";
import { type Column, DataTable } from "../../shared/table";
import { useNames } from "../../shared/useNames";
import { useProvince } from "../../shared/useProvince";
import { useUrlState } from "../../shared/useUrlState";

type Act = Schemas["ActView"];

/** The route answers CSV too; a page asks for JSON. */
function asked(query: NonNullable<paths["/api/v1/audit"]["get"]["parameters"]["query"]>) {
  return ask(api.GET("/api/v1/audit", { params: { query } })) as Promise<Page<Act>>;
}

/** Who did what to what, and whether the trail is whole. */
export function Audit() {
  const { t, i18n } = useTranslation("admin");
  const language = i18n.language === "en" ? "en" : "zh";
  const [province] = useProvince();
  const { provinceOf } = useNames();
  const [actor, setActor] = useUrlState("actor");
  const [act, setAct] = useUrlState("act");
  const [subject, setSubject] = useUrlState("subject");
  const columns: Column<Act>[] = [
    { key: "seq", title: "#", render: (a) => a.seq, text: (a) => a.seq, isNumber: true },
    { key: "at", title: t("when"), render: (a) => <Age at={a.at} />, text: (a) => a.at },
    { key: "actor", title: t("actor"), render: (a) => a.actor, text: (a) => a.actor },
    {
      key: "act",
      title: t("act"),
      render: (a) => <span title={a.act}>{a.words[language]}</span>,
      text: (a) => a.act,
    },
    { key: "subject", title: t("subject"), render: (a) => a.subject, text: (a) => a.subject },
    {
      key: "province",
      title: t("province"),
      render: (a) => (a.province == null ? "–" : provinceOf(a.province)),
      text: (a) => a.province,
    },
    {
      key: "detail",
      title: t("detail"),
      render: (a) => <code>{JSON.stringify(a.detail)}</code>,
      text: (a) => JSON.stringify(a.detail),
      isHidden: true,
    },
    {
      key: "hash",
      title: t("hash"),
      render: (a) => <code>{a.hash}</code>,
      text: (a) => a.hash,
      isHidden: true,
    },
  ];
  const wanted = {
    ...(actor !== "" && { actor }),
    ...(act !== "" && { act }),
    ...(subject !== "" && { subject }),
    ...(province !== "" && { province }),
  };
  const filters = (
    <Space wrap>
      <Search label={t("actor")} value={actor} onSearch={setActor} />
      <Search label={t("act-or-kind")} value={act} onSearch={setAct} />
      <Search label={t("subject-or-kind")} value={subject} onSearch={setSubject} />
    </Space>
  );
  return (
    <Flex vertical gap="middle">
      <Proof />
      <DataTable
        name="audit"
        caption={t("tab.audit")}
        columns={columns}
        queryKey={["audit", wanted]}
        load={(page) => asked({ ...page, ...wanted })}
        keyOf={(a) => String(a.seq)}
        filters={filters}
      />
    </Flex>
  );
}

interface SearchProps {
  label: string;
  value: string;
  onSearch: (value: string) => void;
}

function Search({ label, value, onSearch }: SearchProps) {
  return (
    <Input.Search
      allowClear
      placeholder={label}
      aria-label={label}
      defaultValue={value}
      onSearch={(typed) => onSearch(typed.trim())}
    />
  );
}

/** Verifies the trail now, and hands out what proves it offline. */
function Proof() {
  const { t } = useTranslation("admin");
  const { may } = useSession();
  const verify = useMutation({ mutationFn: () => ask(api.GET("/api/v1/audit:verify")) });
  const found = verify.data;
  return (
    <Flex vertical gap="small">
      <Space wrap>
        <Button loading={verify.isPending} onClick={() => verify.mutate()}>
          {t("verify")}
        </Button>
        {may("prove:audit") && (
          <>
            <a href="/api/v1/audit:proof">{t("proof")}</a>
            <a href="/api/v1/audit:keys" download="audit-keys.json">
              {t("proof-keys")}
            </a>
          </>
        )}
      </Space>
      {verify.error !== null && <Alert type="error" showIcon title={verify.error.message} />}
      {found !== undefined && (
        <Alert
          showIcon
          type={found.intact ? "success" : "error"}
          title={
            found.intact
              ? t("whole", { count: found.rows })
              : t("broken", { at: found.broken_at ?? 0 })
          }
        />
      )}
    </Flex>
  );
}
