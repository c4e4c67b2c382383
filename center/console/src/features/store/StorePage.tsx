import { Button, Select, Skeleton } from "antd";
import { useTranslation } from "react-i18next";
import { Notice } from "../../shared/Notice";
import { useNumbers } from "../../shared/numbers";
import { PageFrame } from "../../shared/PageFrame";
import { QueryStates } from "../../shared/QueryStates";
import { SearchBox } from "../../shared/SearchBox";
import { useLive } from "../../shared/useLive";
import { Facets } from "./Facets";
import style from "./Store.module.css";
import { StoreCard } from "./StoreCard";
import { useStore } from "./useStore";
import { isNarrowed, SORTS, useWanted } from "./wanted";

/** What the store has, for this reader: facets left, cards right, everything in the address. */
export default function StorePage() {
  const { t } = useTranslation("store");
  const { count } = useNumbers();
  const { wanted, setText, setSort, setFavourites, toggle, clear } = useWanted();
  const query = useStore(wanted);
  useLive("store", [["store"]]);
  const pages = query.data?.pages ?? [];
  const total = pages[0]?.total;
  const sorts = SORTS.map((value) => ({ value, label: t(`sort.${value}`) }));
  return (
    <PageFrame title={t("title")} answers={t("answers")}>
      <div className={style.tools}>
        <SearchBox
          className={style.search}
          text={wanted.q}
          label={t("search")}
          onChange={setText}
        />
        <span aria-live="polite" className="quiet">
          {total !== undefined && t("found", { count: total, number: count(total) })}
        </span>
        <Select
          aria-label={t("sort.label")}
          value={wanted.sort}
          options={sorts}
          onChange={setSort}
          popupMatchSelectWidth={false}
        />
      </div>
      <div className={style.columns}>
        <Facets
          facets={pages[0]?.facets ?? []}
          wanted={wanted}
          onToggle={toggle}
          onFavourites={setFavourites}
        />
        <div className={style.found} data-fetching={query.isFetching}>
          <QueryStates
            query={query}
            skeleton={<Waiting />}
            isEmpty={(data) => data.pages[0]?.total === 0}
            empty={<Nothing isNarrowed={isNarrowed(wanted)} onClear={clear} />}
          >
            {(data) => (
              <ul className={style.cards} aria-label={t("title")}>
                {data.pages
                  .flatMap((page) => page.items)
                  .map((card) => (
                    <li key={card.name}>
                      <StoreCard card={card} />
                    </li>
                  ))}
              </ul>
            )}
          </QueryStates>
          {query.hasNextPage && (
            <Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              {t("more")}
            </Button>
          )}
        </div>
      </div>
    </PageFrame>
  );
}

function Nothing({ isNarrowed: narrowed, onClear }: { isNarrowed: boolean; onClear: () => void }) {
  const { t } = useTranslation("store");
  if (!narrowed) return <Notice title={t("empty.title")}>{t("empty.text")}</Notice>;
  const acts = <Button onClick={onClear}>{t("empty.clear")}</Button>;
  return (
    <Notice title={t("empty.narrowed")} acts={acts}>
      {t("empty.narrowed-text")}
    </Notice>
  );
}

function Waiting() {
  return (
    <div className={style.cards}>
      {["a", "b", "c", "d", "e", "f"].map((key) => (
        <div key={key} className={style.card}>
          <Skeleton active paragraph={{ rows: 3 }} />
        </div>
      ))}
    </div>
  );
}
