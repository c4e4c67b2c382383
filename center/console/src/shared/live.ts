const ADDRESS = "/api/v1/events";
/** Topics that come and go together, such as those of a page that opens, make one connection. */
const SETTLE = 50;

type Listener = () => void;

const listeners = new Map<string, Set<Listener>>();
let source: EventSource | null = null;
let connected = "";
let timer: number | undefined;

/**
 * Call a listener whenever the center says that a topic changed.
 *
 * One connection serves the whole tab, since a browser gives a host six. Without the endpoint, or
 * while the center is away, nothing is called and pages show what they asked for themselves.
 *
 * @returns How to stop.
 */
export function listen(topic: string, listener: Listener): () => void {
  const known = listeners.get(topic) ?? new Set();
  known.add(listener);
  listeners.set(topic, known);
  settle();
  return () => {
    known.delete(listener);
    if (known.size === 0) listeners.delete(topic);
    settle();
  };
}

function settle(): void {
  window.clearTimeout(timer);
  timer = window.setTimeout(connect, SETTLE);
}

function connect(): void {
  const topics = [...listeners.keys()].sort().join(",");
  if (topics === connected || typeof EventSource === "undefined") return;
  source?.close();
  connected = topics;
  source =
    topics === "" ? null : new EventSource(`${ADDRESS}?topics=${encodeURIComponent(topics)}`);
  source?.addEventListener("changed", (event: MessageEvent<string>) => {
    const { topic }: { topic: string } = JSON.parse(event.data);
    for (const listener of listeners.get(topic) ?? []) listener();
  });
}
