import { SearchOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { lazy, Suspense, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import style from "./Search.module.css";

const Palette = lazy(() => import("./Palette"));
const KEY = navigator.platform.startsWith("Mac") ? "⌘K" : "Ctrl K";

/** Opens the search over everything; so does its key, wherever somebody is. */
export default function SearchButton() {
  const { t } = useTranslation("search");
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key !== "k" || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      setOpen(true);
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
  return (
    <>
      <Button
        type="text"
        icon={<SearchOutlined />}
        data-tour="search"
        onClick={() => setOpen(true)}
      >
        <span className={style.wide}>
          {t("open")} <kbd className={style.key}>{KEY}</kbd>
        </span>
      </Button>
      {isOpen && (
        <Suspense fallback={null}>
          <Palette onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
