import { Modal } from "antd";
import { useTranslation } from "react-i18next";
import style from "./Keys.module.css";

const KEYS = [
  ["search", "Ctrl K · ⌘K"],
  ["help", "?"],
  ["down", "j"],
  ["up", "k"],
  ["open", "Enter"],
  ["select", "x"],
  ["close", "Esc"],
] as const;

/** Which key does what. */
export default function Keys({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("help");
  return (
    <Modal open title={t("keys.title")} footer={null} onCancel={onClose} width={380}>
      <dl className={style.keys}>
        {KEYS.map(([name, key]) => (
          <div key={name}>
            <dt>{t(`keys.${name}`)}</dt>
            <dd>
              <kbd>{key}</kbd>
            </dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
