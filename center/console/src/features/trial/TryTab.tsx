import { Button, Input, Segmented } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Notice } from "../../shared/Notice";
import { useNumbers } from "../../shared/numbers";
import { QueryStates } from "../../shared/QueryStates";
import { useTitle } from "../../shared/useTitle";
import { Answer } from "./Answer";
import { Choice } from "./Choice";
import { Failure } from "./Failure";
import { InputForm } from "./InputForm";
import type { TrialProps } from "./index";
import { read } from "./request";
import style from "./Trial.module.css";
import { useRequest } from "./useRequest";
import { type Offer, type Place, useManifest, useOffer, useSamples, useTry } from "./useTrial";

/** Try a capability before anybody subscribes: from the browser straight to a province's gateway. */
export default function TryTab({ capability, version, province }: TrialProps) {
  const { t } = useTranslation("trial");
  const offer = useOffer(capability);
  return (
    <QueryStates
      query={offer}
      isEmpty={(data) => !data.places.some((place) => place.open)}
      empty={<Notice title={t("nowhere")}>{t("nowhere-text")}</Notice>}
    >
      {(data) => (
        <Bench capability={capability} version={version} offer={data} province={province} />
      )}
    </QueryStates>
  );
}

interface BenchProps extends TrialProps {
  offer: Offer;
}

function Bench({ capability, version, province, offer }: BenchProps) {
  const { t } = useTranslation("trial");
  const [chosen, setChosen] = useState(province ?? "");
  const place = placeOf(offer, chosen);
  const served = version ?? place?.versions[0];
  const manifest = useManifest(capability, served).data;
  const samples = useSamples(capability, served).data?.items ?? [];
  const request = useRequest(manifest, samples);
  const [form, setForm] = useState<"form" | "json">("form");
  const attempt = useTry(capability, version);
  const running = useRef<AbortController>(null);
  const left = offer.allowance.remaining;
  const isReadable = read(request.text) !== null;

  const start = () => {
    if (place === undefined) return;
    running.current = new AbortController();
    attempt.mutate({ place, text: request.text, signal: running.current.signal });
  };

  return (
    <>
      <p className="quiet">{t(place?.own ? "goes-own" : "goes", { province: useNameOf(place) })}</p>
      <div className={style.tools}>
        <Places offer={offer} place={place} onChoose={setChosen} />
        {samples.length > 0 && (
          <Choice
            label={t("sample")}
            value={request.sample}
            placeholder={t("own-input")}
            onChange={request.choose}
            options={samples.map(({ name }) => ({ value: name, label: name }))}
          />
        )}
        <Segmented
          aria-label={t("input-as")}
          value={form}
          onChange={setForm}
          options={[
            { value: "form", label: t("form"), disabled: !isReadable },
            { value: "json", label: "JSON" },
          ]}
        />
      </div>
      <div className={style.columns}>
        <div>
          {form === "form" && isReadable ? (
            <InputForm
              tensors={manifest?.inputs ?? []}
              text={request.text}
              onChange={request.write}
            />
          ) : (
            <Input.TextArea
              aria-label={t("json")}
              className={style.json ?? ""}
              value={request.text}
              onChange={(event) => request.write(event.target.value)}
              status={isReadable ? "" : "error"}
              rows={16}
            />
          )}
          {!isReadable && <p role="alert">{t("no-request")}</p>}
          <div className={style.tools}>
            <Button
              type="primary"
              onClick={start}
              loading={attempt.isPending}
              disabled={!isReadable || left === 0}
            >
              {t("try")}
            </Button>
            {attempt.isPending && (
              <Button onClick={() => running.current?.abort()}>{t("cancel")}</Button>
            )}
            <Rest offer={offer} />
          </div>
        </div>
        <div>
          {attempt.error && <Failure error={attempt.error} />}
          {attempt.data && !attempt.error && <Answer tried={attempt.data} />}
          {attempt.isIdle && <p className="quiet">{t("not-yet")}</p>}
        </div>
      </div>
    </>
  );
}

interface PlacesProps {
  offer: Offer;
  place: Place | undefined;
  onChoose: (province: string) => void;
}

function Places({ offer, place, onChoose }: PlacesProps) {
  const { t } = useTranslation("trial");
  const title = useTitle();
  return (
    <Choice
      label={t("place")}
      value={place?.province}
      onChange={onChoose}
      options={offer.places.map((item) => ({
        value: item.province,
        disabled: !item.open,
        label: item.open ? title(item.titles) : t("closed", { place: title(item.titles) }),
      }))}
    />
  );
}

function Rest({ offer }: { offer: Offer }) {
  const { t } = useTranslation("trial");
  const { count } = useNumbers();
  const { remaining, daily_calls } = offer.allowance;
  const text = remaining === 0 ? t("used-up") : t("left", { count: remaining });
  return (
    <span className="quiet figures" aria-live="polite">
      {text} / {count(daily_calls)}
    </span>
  );
}

function useNameOf(place: Place | undefined): string {
  const title = useTitle();
  return place === undefined ? "" : title(place.titles);
}

/** The place somebody chose; else their own, else the first that is open. */
function placeOf(offer: Offer, chosen: string): Place | undefined {
  const open = offer.places.filter((place) => place.open);
  return (
    open.find((place) => place.province === chosen) ?? open.find((place) => place.own) ?? open[0]
  );
}
