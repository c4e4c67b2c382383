"""Says so where a wheel is built without the console's files, which `make console` builds."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ConsoleCheck(BuildHookInterface):
    """A wheel without the console works, and its center says what is missing; nobody shall ship one unawares."""

    def initialize(self, version: str, _build_data: dict[str, Any]) -> None:
        """Look for the console's page before the wheel is made."""
        page = Path(self.root) / "center" / "console" / "dist" / "index.html"
        if version == "standard" and not page.is_file():
            self.app.display_warning("This wheel holds no console: make console builds it.")
