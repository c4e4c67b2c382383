import { useState } from "react";
import type { Schemas } from "../../api/client";
import { exampleOf } from "../../shared/contract/example";
import { write as written } from "./request";

type Sample = Schemas["SampleView"];

interface Request {
  /** As it is sent. */
  text: string;
  /** The sample that it is, unchanged. */
  sample: string | undefined;
  write: (text: string) => void;
  choose: (sample: string) => void;
}

/** The request that is tried: a sample of the package at first, then whatever somebody makes of it. */
export function useRequest(
  manifest: Schemas["Manifest"] | undefined,
  samples: readonly Sample[],
): Request {
  const [own, setOwn] = useState<string>();
  const [name, setName] = useState<string>();
  const sample = samples.find((item) => item.name === name) ?? samples[0];
  const given = sample?.request ?? (manifest && exampleOf(manifest));
  return {
    text: own ?? (given === undefined ? "" : written(given)),
    sample: own === undefined ? sample?.name : undefined,
    write: setOwn,
    choose: (chosen) => {
      setName(chosen);
      setOwn(undefined);
    },
  };
}
