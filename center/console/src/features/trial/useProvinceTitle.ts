import { useProvinces } from "../../shared/useProvince";
import { useTitle } from "../../shared/useTitle";

/** Returns a province's name in the reader's language; its short name until all are known. */
export function useProvinceTitle(): (province: string) => string {
  const { data = [] } = useProvinces();
  const title = useTitle();
  return (province) => {
    const found = data.find((item) => item.name === province);
    return found === undefined ? province : title(found.titles);
  };
}
