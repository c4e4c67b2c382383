import { useTranslation } from "react-i18next";
import { useNumbers } from "../../shared/numbers";
import { ListingForm } from "./ListingForm";
import { Notes } from "./Notes";
import style from "./Store.module.css";
import type { Detail } from "./useStore";
import { useWords } from "./useWords";

/** What it is for, its limits, who answers for it, and what each role wrote down. */
export function OverviewTab({ detail }: { detail: Detail }) {
  const { t } = useTranslation("store");
  const { count, share, figure } = useNumbers();
  const word = useWords();
  const { card, manifest } = detail;
  const { objectives, resources } = manifest;
  const facts: [string, string][] = [
    [t("facet.domain"), word("domain", card.domain)],
    [t("facet.task"), word("task", card.task)],
    [t("facet.family"), `${word("family", card.family)} (${manifest.engine})`],
    [t("fact.owner"), `${manifest.owner} (${card.owner})`],
    [t("fact.licence"), card.licence],
    [t("fact.batch"), t("fact.batch-value", { count: manifest.max_batch_size })],
    [t("fact.state"), t(manifest.stateless ? "fact.stateless" : "fact.stateful")],
    [
      t("fact.objectives"),
      t("fact.objectives-value", {
        ms: figure(objectives.p99_ms),
        availability: share(objectives.availability, 3),
        rate: figure(objectives.rate_per_second),
      }),
    ],
    [
      t("fact.resources"),
      t("fact.resources-value", {
        cores: figure(resources.cpu_millicores / 1000),
        memory: count(resources.memory_mib),
      }),
    ],
  ];
  return (
    <>
      <section className={style.block}>
        <dl className={style.facts}>
          {facts.map(([name, value]) => (
            <Fact key={name} name={name} value={value} />
          ))}
        </dl>
        {detail.may_edit && <ListingForm detail={detail} />}
      </section>
      <Notes name={card.name} />
    </>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}
