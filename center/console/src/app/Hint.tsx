import { useEffect, useId, useState } from "react";
import style from "./Hint.module.css";

const FROM_EDGE = 96;
const WIDTH = 360;

/**
 * Shows what `data-hint` says of an element while it is pointed at or focused; Escape takes it away.
 *
 * One for the whole page: the hundreds of marks and ages of a board cost nothing until somebody asks.
 */
export function Hint() {
  const id = useId();
  const [target, setTarget] = useState<HTMLElement | null>(null);
  useEffect(() => {
    const watch = new AbortController();
    const on = (kind: string, act: (event: Event) => void) =>
      document.addEventListener(kind, act, { capture: true, signal: watch.signal });
    on("pointerover", (event) => isHint(event.target) || setTarget(hinted(event.target)));
    on("focusin", (event) => setTarget(hinted(event.target)));
    on(
      "keydown",
      (event) => event instanceof KeyboardEvent && event.key === "Escape" && setTarget(null),
    );
    on("scroll", () => setTarget(null));
    on("click", () => setTarget(null));
    return () => watch.abort();
  }, []);
  useEffect(() => {
    target?.setAttribute("aria-describedby", id);
    return () => target?.removeAttribute("aria-describedby");
  }, [target, id]);

  const text = target?.dataset.hint;
  if (target === null || text === undefined) return null;
  return (
    <div key={text} id={id} role="tooltip" className={style.hint} style={beside(target)}>
      {text}
    </div>
  );
}

function hinted(hit: EventTarget | null): HTMLElement | null {
  return hit instanceof Element ? hit.closest<HTMLElement>("[data-hint]") : null;
}

/** Whether the pointer is over the hint itself, which then stays. */
function isHint(hit: EventTarget | null): boolean {
  return hit instanceof Element && hit.closest("[role=tooltip]") !== null;
}

/** Below the element, or above it near the lower edge of the window; never out of sight. */
function beside(target: HTMLElement) {
  const { left, top, bottom } = target.getBoundingClientRect();
  const from = Math.max(8, Math.min(left, window.innerWidth - WIDTH - 8));
  return bottom > window.innerHeight - FROM_EDGE
    ? { left: from, bottom: window.innerHeight - top }
    : { left: from, top: bottom };
}
