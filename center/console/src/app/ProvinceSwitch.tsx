import { Select } from "antd";
import { useTranslation } from "react-i18next";
import { useProvince, useProvinces } from "../shared/useProvince";
import { useTitle } from "../shared/useTitle";
import { useSession } from "./session";

/** Scopes every page to one province, in the address; whoever has one has nothing to choose. */
export function ProvinceSwitch() {
  const { t } = useTranslation();
  const { user } = useSession();
  const [province, setProvince] = useProvince();
  const { data = [] } = useProvinces();
  const title = useTitle();
  const reach = user.provinces ?? null;
  const seen = data.filter(({ name }) => reach === null || reach.includes(name));
  const [first] = seen;
  if (reach?.length === 1) {
    return <span className="quiet">{first === undefined ? reach[0] : title(first.titles)}</span>;
  }
  const options = seen.map((item) => ({ value: item.name, label: title(item.titles) }));
  return (
    <Select
      variant="borderless"
      aria-label={t("frame.province")}
      value={province}
      onChange={setProvince}
      options={[{ value: "", label: t("frame.all-provinces") }, ...options]}
      showSearch={{ optionFilterProp: "label" }}
      popupMatchSelectWidth={180}
    />
  );
}
