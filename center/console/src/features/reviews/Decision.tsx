import { DatePicker, Input, Select } from "antd";
import type { Dayjs } from "dayjs";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { ConfirmAct } from "../../shared/ConfirmAct";
import { StateMark } from "../../shared/StateMark";
import { useProvinces } from "../../shared/useProvince";
import { useTitle } from "../../shared/useTitle";
import style from "./Reviews.module.css";
import { type Of, type Review, useReviewActs } from "./useReviews";

/** Approve, with conditions, or return; or who can, for those who cannot. */
export function Decision({ of, review }: { of: Of; review: Review }) {
  const { t } = useTranslation("reviews");
  const { version, reviewers } = review;
  if (review.may_decide) return <Acts of={of} review={review} />;
  return (
    <footer className={style.decision}>
      <StateMark
        state={version.stage === "published" ? "healthy" : "learning"}
        text={t(`stage.${version.stage}`)}
      />{" "}
      {review.why_not === "illegal-stage"
        ? version.comment
        : t("who-can", { people: reviewers.join(", ") || t("nobody") })}
    </footer>
  );
}

function Acts({ of, review }: { of: Of; review: Review }) {
  const { t } = useTranslation("reviews");
  const title = useTitle();
  const field = useId();
  const acts = useReviewActs(of);
  const places = useProvinces().data ?? [];
  const [comment, setComment] = useState("");
  const [provinces, setProvinces] = useState<string[]>([]);
  const [ends, setEnds] = useState<Dayjs | null>(null);
  const { version, checklist } = review;
  const left = checklist.filter((item) => item.ticked_by == null).length;
  const digest = version.digests.package;
  const approve = () =>
    acts.approve({
      package_digest: digest,
      comment,
      checked: [],
      conditions: {
        provinces: provinces.length > 0 ? provinces : null,
        ends_at: ends?.endOf("day").toISOString() ?? null,
        words: "",
      },
    });
  return (
    <footer className={style.decision}>
      <div className={style.conditions}>
        <label htmlFor={field}>{t("words")}</label>
        <Input.TextArea
          id={field}
          rows={2}
          value={comment}
          onChange={(event) => setComment(event.target.value)}
        />
        <Select
          mode="multiple"
          aria-label={t("condition.provinces")}
          placeholder={t("condition.provinces")}
          value={provinces}
          onChange={setProvinces}
          options={places.map((one) => ({ value: one.name, label: title(one.titles) }))}
        />
        <DatePicker placeholder={t("condition.ends")} value={ends} onChange={setEnds} />
      </div>
      <div className={style.acts}>
        {left > 0 && <span className="quiet">{t("left", { count: left })}</span>}
        <ConfirmAct
          act={t("return")}
          title={t("return-title")}
          consequence={t("return-text", { author: version.author, comment })}
          isDisabled={comment.trim().length < 3}
          onConfirm={() => acts.sendBack(comment)}
        />
        <ConfirmAct
          act={t("approve")}
          title={t("approve-title", { name: version.name, version: version.version })}
          consequence={
            <>
              <p>{t("approve-text")}</p>
              <code>{digest}</code>
            </>
          }
          isPrimary
          isDisabled={left > 0}
          onConfirm={approve}
        />
      </div>
    </footer>
  );
}
