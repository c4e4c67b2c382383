import { useTranslation } from "react-i18next";
import { api, ask, newIdempotencyKey, type Schemas } from "../../api/client";
import { useSession } from "../../app/session";
import { FormDialog } from "../../shared/FormDialog";
import { Once } from "../../shared/Once";
import { type Column, DataTable } from "../../shared/table";
import { useTitle } from "../../shared/useTitle";

type Province = Schemas["ProvinceView"];

/** Every province, and the codes that let their edges enrol. */
export function Provinces() {
  const { t } = useTranslation("admin");
  const titleOf = useTitle();
  const { user } = useSession();
  const isMine = (name: string) => user.provinces?.includes(name) ?? true;
  const columns: Column<Province>[] = [
    {
      key: "title",
      title: t("province"),
      render: (p) => titleOf(p.titles),
      text: (p) => p.titles.zh,
    },
    { key: "name", title: t("short-name"), render: (p) => p.name, text: (p) => p.name },
    {
      key: "kind",
      title: t("kind"),
      render: (p) => t(`province-kinds.${p.kind}`),
      text: (p) => p.kind,
    },
    { key: "zone", title: t("zone"), render: (p) => p.zone, text: (p) => p.zone },
    {
      key: "acts",
      title: "",
      render: (p) => isMine(p.name) && <Code province={p.name} />,
      text: () => "",
    },
  ];
  return (
    <DataTable
      name="provinces"
      caption={t("tab.provinces")}
      columns={columns}
      queryKey={["provinces", "admin"]}
      load={(page) => ask(api.GET("/api/v1/provinces", { params: { query: page } }))}
      keyOf={(p) => p.name}
    />
  );
}

function Code({ province }: { province: string }) {
  const { t } = useTranslation("admin");
  const make = async () => {
    const params = { path: { province }, header: { "idempotency-key": newIdempotencyKey() } };
    const made = await ask(api.POST("/api/v1/provinces/{province}/enrolment-codes", { params }));
    const command = `jiuzhou edge enroll --center ${window.location.origin} --code ${made.code}`;
    return <Once secret={command} words={t("code-made")} />;
  };
  return (
    <FormDialog act={t("make-code")} title={t("make-code-for", { province })} onSubmit={make}>
      <p>{t("make-code-what")}</p>
    </FormDialog>
  );
}
