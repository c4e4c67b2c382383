import { lazy, Suspense, useEffect } from "react";
import { useUrlState } from "../../shared/useUrlState";

const Keys = lazy(() => import("./Keys"));
const Tour = lazy(() => import("./Tour"));
const TYPING = "input, textarea, select, [contenteditable=true]";

/** The help over any page, named in its address: `?help=keys` (also by `?`) or `?help=tour`. */
export default function Help() {
  const [help, setHelp] = useUrlState("help");
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key === "?" && !document.activeElement?.closest(TYPING)) setHelp("keys");
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [setHelp]);
  const close = () => setHelp("");
  return (
    <Suspense fallback={null}>
      {help === "keys" && <Keys onClose={close} />}
      {help === "tour" && <Tour onClose={close} />}
    </Suspense>
  );
}
