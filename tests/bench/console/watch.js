// Runs before the page's own scripts: keeps what the browser itself notes, and measures changes.
(() => {
  const watch = { tasks: [], largest: 0 };
  window.watch = watch;
  const note = (type, take) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
  note("longtask", (entry) => watch.tasks.push({ at: entry.startTime, length: entry.duration }));
  note("largest-contentful-paint", (entry) => {
    watch.largest = entry.startTime;
  });

  const frame = () => new Promise(requestAnimationFrame);
  const LIMIT = 30000;

  // Resolves in the first frame after the page came to be so; between changes nothing is asked.
  const whenever = (isSo) =>
    new Promise((done) => {
      const settle = async () => {
        if (!isSo()) return;
        observer.disconnect();
        clearTimeout(late);
        await frame();
        done(performance.now());
      };
      const observer = new MutationObserver(settle);
      const late = setTimeout(() => {
        observer.disconnect();
        done(null);
      }, LIMIT);
      observer.observe(document, { subtree: true, childList: true, characterData: true });
      settle();
    });

  // The first frame in which a selector finds something, in milliseconds since the navigation.
  watch.firstSight = (selector) => whenever(() => document.querySelector(selector) !== null);

  // From the pointer's event to the first frame in which each condition holds, in milliseconds.
  watch.fromClick = (isFramed, isFilled) => {
    watch.change = new Promise((done) => {
      const start = async (event) => {
        const began = event.timeStamp;
        const framed = await whenever(isFramed);
        const filled = await whenever(() => isFramed() && isFilled());
        if (framed === null || filled === null) return done(null);
        done({ framed: framed - began, filled: filled - began, blocked: watch.blockedSince(began) });
      };
      document.addEventListener("click", start, { capture: true, once: true });
    });
  };

  watch.isLoading = () =>
    document.querySelector("#page [role=status][aria-label], #page .ant-skeleton") !== null;

  // Another page: framed by its heading, or by what stands in its place until its code is there.
  watch.route = () => {
    const before = document.querySelector("#page h1");
    const heading = () => document.querySelector("#page h1");
    const isFramed = () => heading() !== before && (heading() !== null || watch.isLoading());
    watch.fromClick(isFramed, () => heading() !== null && !watch.isLoading());
  };

  // The rows of a table are others.
  watch.rows = () => {
    const read = () =>
      [...document.querySelectorAll("#page tbody tr")].map((row) => row.textContent).join("\n");
    const before = read();
    const hasChanged = () => !watch.isLoading() && read() !== before;
    watch.fromClick(hasChanged, hasChanged);
  };

  watch.blockedSince = (began) =>
    watch.tasks
      .filter((task) => task.at >= began - 1)
      .reduce((sum, task) => ({ count: sum.count + 1, over: sum.over + task.length - 50 }), {
        count: 0,
        over: 0,
      });

  // Scrolls through something by a step a frame, to its end and back, and keeps each frame's length.
  watch.scroll = async (selector, axis, step) => {
    const box = selector === null ? document.scrollingElement : document.querySelector(selector);
    const size = axis === "top" ? box.scrollHeight - box.clientHeight : box.scrollWidth - box.clientWidth;
    const began = performance.now();
    const frames = [];
    let last = began;
    for (let way = 0; way <= 2 * size; way += step) {
      box.scrollTo({ [axis]: way <= size ? way : 2 * size - way, behavior: "instant" });
      const now = await frame();
      frames.push(now - last);
      last = now;
    }
    return { frames: frames.slice(1), blocked: watch.blockedSince(began) };
  };
})();
