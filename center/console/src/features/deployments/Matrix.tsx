import { Checkbox, Input } from "antd";
import { useTranslation } from "react-i18next";
import { Notice } from "../../shared/Notice";
import { QueryStates } from "../../shared/QueryStates";
import { useUrlState } from "../../shared/useUrlState";
import style from "./Deployments.module.css";
import { MatrixGrid } from "./MatrixGrid";
import { useMatrix } from "./useDeployments";

/** Capability x province: what should run, what does, and which part of it differs. */
export function Matrix() {
  const { t } = useTranslation("deployments");
  const [words, setWords] = useUrlState("q");
  const [wrong, setWrong] = useUrlState("wrong");
  const query = useMatrix(words, wrong !== "");
  const isFiltered = words !== "" || wrong !== "";
  return (
    <>
      <div className={style.tools}>
        <Input.Search
          aria-label={t("find")}
          placeholder={t("find")}
          allowClear
          defaultValue={words}
          onSearch={(text) => setWords(text.trim())}
        />
        <Checkbox
          checked={wrong !== ""}
          onChange={(event) => setWrong(event.target.checked ? "1" : "")}
        >
          {t("only-wrong")}
        </Checkbox>
        <span className={style.key}>{t("key")}</span>
      </div>
      <QueryStates
        query={query}
        isEmpty={(found) => found.cells.length === 0}
        empty={
          <Notice title={isFiltered ? t("none-such") : t("none")}>
            {isFiltered ? t("none-such-text") : t("none-text")}
          </Notice>
        }
      >
        {(found) => <MatrixGrid matrix={found} />}
      </QueryStates>
    </>
  );
}
