import { useTranslation } from "react-i18next";
import { useNumbers } from "../../shared/numbers";

/** Mean and number of ratings, as words for those who do not see the star. */
export function Stars({ mean, count }: { mean: number | null; count: number }) {
  const { t } = useTranslation("store");
  const { figure } = useNumbers();
  return (
    <span className="figures">
      <span aria-hidden="true">
        ★ {figure(mean, 2)} <small className="quiet">({count})</small>
      </span>
      <span className="unseen">{t("rating.spoken", { mean: figure(mean, 2), count })}</span>
    </span>
  );
}
