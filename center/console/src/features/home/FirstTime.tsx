import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { keep, kept } from "../../shared/kept";
import { useUrlState } from "../../shared/useUrlState";
import style from "./Section.module.css";

/** Offers the tour once, quietly; nobody has to close anything to get to work. */
export function FirstTime() {
  const { t } = useTranslation("home");
  const [isNew, setNew] = useState(() => kept("toured", ["yes", "no"], "no") === "no");
  const [, setHelp] = useUrlState("help");
  const done = () => {
    keep("toured", "yes");
    setNew(false);
  };
  if (!isNew) return null;
  return (
    <p className={style.note}>
      {t("first-time")}{" "}
      <Button
        size="small"
        onClick={() => {
          done();
          setHelp("tour");
        }}
      >
        {t("take-tour")}
      </Button>
      <Button size="small" type="text" onClick={done}>
        {t("no-tour")}
      </Button>
    </p>
  );
}
