import { Checkbox } from "antd";
import { useTranslation } from "react-i18next";
import { Age } from "../../shared/Age";
import { useTitle } from "../../shared/useTitle";
import style from "./Reviews.module.css";
import { type Of, type Review, useReviewActs } from "./useReviews";

/** What has to have been looked at, and who did. */
export function Checklist({ of, review }: { of: Of; review: Review }) {
  const { t } = useTranslation("reviews");
  const title = useTitle();
  const { tick } = useReviewActs(of);
  return (
    <ul className={style.checks}>
      {review.checklist.map((item) => (
        <li key={item.id}>
          <Checkbox
            checked={item.ticked_by != null}
            disabled={!review.may_decide}
            onChange={(event) => void tick(item.id, event.target.checked)}
          >
            {title(item.titles)}
          </Checkbox>
          {item.ticked_by != null && item.ticked_at != null && (
            <div className={style.ticked}>
              {t("ticked", { by: item.ticked_by })} <Age at={item.ticked_at} />
            </div>
          )}
        </li>
      ))}
    </ul>
  );
}
