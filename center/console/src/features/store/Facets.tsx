import { Checkbox } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import { useNumbers } from "../../shared/numbers";
import style from "./Store.module.css";
import { useWords } from "./useWords";
import { FACETS, type FacetName, type Wanted } from "./wanted";

const SHOWN = 7;

interface Props {
  facets: Schemas["FacetView"][];
  wanted: Wanted;
  onToggle: (facet: FacetName, value: string) => void;
  onFavourites: (on: boolean) => void;
}

/** What the store can be narrowed by, with how much each choice would leave. */
export function Facets({ facets, wanted, onToggle, onFavourites }: Props) {
  const { t } = useTranslation("store");
  const byName = new Map(facets.map((item) => [item.facet, item.values]));
  return (
    <aside className={style.facets} aria-label={t("facets")}>
      <Checkbox
        checked={wanted.favourites}
        onChange={(event) => onFavourites(event.target.checked)}
      >
        {t("favourites")}
      </Checkbox>
      {FACETS.map((facet) => (
        <Facet
          key={facet}
          facet={facet}
          values={byName.get(facet) ?? []}
          chosen={wanted.facets[facet] ?? []}
          onToggle={(value) => onToggle(facet, value)}
        />
      ))}
    </aside>
  );
}

interface FacetProps {
  facet: FacetName;
  values: Schemas["FacetValue"][];
  chosen: string[];
  onToggle: (value: string) => void;
}

function Facet({ facet, values, chosen, onToggle }: FacetProps) {
  const { t } = useTranslation("store");
  const { count } = useNumbers();
  const word = useWords();
  const [isWhole, setWhole] = useState(false);
  // What is chosen stays to be taken back, also where it would leave nothing.
  const gone = chosen.filter((value) => !values.some((item) => item.value === value));
  const all = [...gone.map((value) => ({ value, count: 0 })), ...values];
  const shown = isWhole ? all : all.slice(0, SHOWN);
  if (all.length === 0) return null;
  return (
    <fieldset className={style.facet}>
      <legend>{t(`facet.${facet}`)}</legend>
      {shown.map((item) => (
        <Checkbox
          key={item.value}
          checked={chosen.includes(item.value)}
          onChange={() => onToggle(item.value)}
        >
          <span className={style.value}>
            {word(facet, item.value)} <small className="quiet">{count(item.count)}</small>
          </span>
        </Checkbox>
      ))}
      {all.length > SHOWN && (
        <button type="button" className={style.whole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? t("fewer") : t("all", { count: all.length })}
        </button>
      )}
    </fieldset>
  );
}
