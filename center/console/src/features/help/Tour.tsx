import { Tour as AntdTour } from "antd";
import { useTranslation } from "react-i18next";

const STEPS = ["menu", "search", "province", "account"] as const;

/** Four things to know, shown where they are. */
export default function Tour({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("help");
  const steps = STEPS.map((name) => ({
    title: t(`tour.${name}.title`),
    description: t(`tour.${name}.text`),
    target: () => document.querySelector<HTMLElement>(`[data-tour=${name}]`) ?? document.body,
  }));
  return <AntdTour open steps={steps} onClose={onClose} onFinish={onClose} />;
}
