import { useTranslation } from "react-i18next";
import { useNames } from "../../shared/useNames";
import type { Rollout } from "./useDeployments";
import { useShares } from "./useShares";

type Province = Rollout["provinces"][number];

/** What a roll-back does in each province, and where it cannot; told before it is done. */
export function RollBackText({ item }: { item: Rollout }) {
  const { t } = useTranslation("deployments");
  return (
    <>
      <p>{t("back.text", { version: item.version })}</p>
      <ul>
        {item.provinces.map((one) => (
          <li key={one.province}>
            <Way province={one} />
          </li>
        ))}
      </ul>
      <p>{t("back.seconds")}</p>
    </>
  );
}

function Way({ province: { province, back } }: { province: Province }) {
  const { t } = useTranslation("deployments");
  const name = useNames().provinceOf(province);
  const shares = useShares();
  if (back === null) return name;
  if (back.obstacle === null) return t("back.way", { name, versions: shares(back.versions) });
  return (
    <span data-tick="different">
      {t("back.stays", { name, why: t(`obstacle.${back.obstacle}`) })}
      {back.obstacle !== "changed" && ` ${back.detail}`}
    </span>
  );
}
