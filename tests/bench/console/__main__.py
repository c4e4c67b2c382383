"""How quick the console feels over a country's figures (bar 2), by hand on a quiet machine.

``python -m tests.bench.country_data sqlite:///FOLDER/center.db`` makes the figures once; then
``python -m tests.bench.console FOLDER`` serves them and looks at them in Chromium: the store's first
load, every change of page, the matrix of 31 x 300, and a table of 10,000 rows. Times are wall clock from the
click to the frame; CPU is that of the page's own thread, which a busy machine does not lengthen.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from tests.bench.console.center import NAME, running_center
from tests.bench.console.measures import first_load, large_matrix, large_table, route_changes
from tests.bench.console.visits import signed_in
from tests.browser.platform import running_browser

_PARTS = {
    "first-load": first_load,
    "routes": route_changes,
    "matrix": large_matrix,
    "table": large_table,
}


def main() -> None:
    """Measure what is asked for, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="a center's data folder, filled")
    parser.add_argument("--at", help="address of a center that serves the folder already")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--parts", nargs="+", choices=_PARTS, default=list(_PARTS))
    given = parser.parse_args()
    with _center(given.data, given.at) as address, running_browser() as browser:
        state = signed_in(browser, address, NAME)
        for part in given.parts:
            for line in _PARTS[part](browser, address, state, given.rounds):
                sys.stdout.write(f"{line}\n")
            load, *_ = os.getloadavg()
            sys.stdout.write(f"load average {load:.1f} on {os.cpu_count()} cores\n\n")
            sys.stdout.flush()


@contextmanager
def _center(data: Path, at: str | None) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        center = (
            running_center(data, Path(folder) / "center.log") if at is None else nullcontext(at)
        )
        with center as address:
            yield address


if __name__ == "__main__":
    main()
