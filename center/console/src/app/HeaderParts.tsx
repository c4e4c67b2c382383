import { lazy, Suspense } from "react";
import { features, type HeaderPart } from "./feature";

const all = [...features].flatMap(([name, { header }]) =>
  header === undefined ? [] : [{ name, place: header.place, Part: lazy(header.load) }],
);

/** What features put into a place of the header. */
export function HeaderParts({ place }: { place: HeaderPart["place"] }) {
  return all
    .filter((item) => item.place === place)
    .map(({ name, Part }) => (
      <Suspense key={name} fallback={null}>
        <Part />
      </Suspense>
    ));
}
