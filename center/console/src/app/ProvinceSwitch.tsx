import { Select } from "antd";
import { useTranslation } from "react-i18next";
import { useProvince, useProvinces } from "../shared/useProvince";
import { useTitle } from "../shared/useTitle";
import { useSession } from "./session";

/** Scopes every page to one province, in the address; an operator has one, and nothing to choose. */
export function ProvinceSwitch() {
  const { t } = useTranslation();
  const { user } = useSession();
  const [province, setProvince] = useProvince();
  const { data = [] } = useProvinces();
  const title = useTitle();
  if (user.role === "operator") {
    const own = data.find((item) => item.name === user.organisation);
    return (
      <span className="quiet">{own === undefined ? user.organisation : title(own.titles)}</span>
    );
  }
  const options = data.map((item) => ({ value: item.name, label: title(item.titles) }));
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
