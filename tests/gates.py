"""Gates that no linter offers: sizes, generated documents, and words that must not be committed.

``python -m tests.gates`` checks; with ``--write`` it writes the generated documents anew.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from capability_sdk.serving.settings import ServingSettings
from center.settings import CenterSettings
from edge_gateway.agent.settings import AgentSettings
from edge_gateway.gateway.settings import GatewaySettings
from scheduler.node_agent.joined.settings import NodeSettings
from scheduler.settings import SchedulerSettings
from tests import console_sources, messages, refusals_page
from tests.browser import pictures

ROOT = Path(__file__).parents[1]
SHIPPED = ("capability_sdk", "center", "edge_gateway", "scheduler", "deploy")
_FROM_ELSEWHERE = {"torch", "triton_python_backend_utils"}
"""What a person's own environment brings: PyTorch; and tritonserver, within its Python backend."""
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 40
SETTINGS = (
    *(CenterSettings, GatewaySettings, AgentSettings),
    *(SchedulerSettings, NodeSettings, ServingSettings),
)
SETTINGS_PAGE = ROOT / "docs" / "settings.md"
REFUSALS_PAGE = ROOT / "docs" / "refusals.md"

# Written in halves, so that this file does not find itself.
_REGISTRY_HOSTS = re.compile(
    r"https?://[\w.-]*(?:py" r"pi|python" r"hosted|npm" r"js|crates\.|deb" r"ian\.org)[\w.-]*",
    re.IGNORECASE,
)
_MACHINE_PATHS = re.compile(r"(?<![\w.$])/(?:wo" r"rk|ro" r"ot)/")
_LONG_BY_DESIGN = "a long function by design:"


def tracked(*patterns: str) -> list[Path]:
    """Name the files that git tracks or would track."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return [ROOT / name for name in listed.stdout.split() if (ROOT / name).is_file()]


def too_long() -> Iterator[str]:
    """Find files and functions over the house's limits."""
    for path in tracked("*.py"):
        if "migrations/versions" in str(path):
            continue
        source = path.read_text()
        lines = source.splitlines()
        if len(lines) > MAX_FILE_LINES:
            yield f"{path.relative_to(ROOT)}: {len(lines)} lines, at most {MAX_FILE_LINES}"
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = _length(node)
                reason = _LONG_BY_DESIGN in lines[node.lineno - 2]
                if length > MAX_FUNCTION_LINES and not reason:
                    where = f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
                    yield f"{where}: {length} lines, at most {MAX_FUNCTION_LINES}"


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count a function's lines without its docstring."""
    assert node.end_lineno is not None
    length = node.end_lineno - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node) is not None and first.end_lineno is not None:
        length -= first.end_lineno - first.lineno + 1
    return length


def not_to_be_committed() -> Iterator[str]:
    """Find hosts of package registries and paths of a machine."""
    for path in tracked():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if _REGISTRY_HOSTS.search(line) or _MACHINE_PATHS.search(line):
                yield f"{path.relative_to(ROOT)}:{number}: a registry's host or a machine's path"


def settings_page() -> str:
    """Describe every setting of every service, from the settings classes themselves."""
    parts = [
        "# Settings",
        "",
        "Written from the settings classes by `make docs`. Each is an environment variable.",
    ]
    for settings in SETTINGS:
        summary = (settings.__doc__ or "").strip().splitlines()[0]
        parts += ["", f"## {settings.__name__}", "", summary, ""]
        parts += ["| variable | type | default | meaning |", "|---|---|---|---|"]
        parts += _rows(settings, settings.model_config.get("env_prefix", ""))
    return "\n".join(parts) + "\n"


def _rows(settings: type[BaseModel], prefix: str) -> Iterator[str]:
    """Describe each setting; those of a group, such as the sign-in provider's, after the group."""
    for name, field in settings.model_fields.items():
        yield _row(f"{prefix}{name}".upper(), field)
        for part in get_args(field.annotation):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from _rows(part, f"{prefix}{name}__")


def _row(variable: str, field: FieldInfo) -> str:
    kind = getattr(field.annotation, "__name__", str(field.annotation)).replace("|", "or")
    default = "required" if field.default is PydanticUndefined else f"`{field.default}`"
    if field.default_factory is not None:
        default = "computed"
    return f"| `{variable}` | {kind} | {default} | {field.description or ''} |"


def _pages() -> dict[Path, str]:
    return {SETTINGS_PAGE: settings_page(), REFUSALS_PAGE: refusals_page.page()}


def outdated_documents() -> Iterator[str]:
    """Find generated documents that differ from what they are generated from."""
    for path, text in _pages().items():
        if not path.exists() or path.read_text() != text:
            yield f"docs/{path.name} is not up to date: make docs"
    yield from messages.outdated()


def undeclared_imports() -> Iterator[str]:
    """Find imports of shipped packages that the platform's lock does not install."""
    lock = (ROOT / "requirements" / "platform.txt").read_text()
    locked = {_plain(name) for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)}
    known = packages_distributions()
    for path in tracked(*(f"{package}/*.py" for package in SHIPPED)):
        for module in _imported(ast.parse(path.read_text())):
            distributions = {_plain(name) for name in known.get(module, ())}
            if module not in _FROM_ELSEWHERE and not distributions & locked:
                where = path.relative_to(ROOT)
                yield f"{where}: {module} is imported, but no dependency of the platform"


def _imported(tree: ast.Module) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module)
    tops = {name.partition(".")[0] for name in names}
    return tops - {*SHIPPED, *sys.stdlib_module_names}


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")


def main() -> int:
    """Check everything; returns the exit code."""
    if "--write" in sys.argv:
        for path, text in _pages().items():
            path.write_text(text)
        return 0
    complaints = [
        *too_long(),
        *not_to_be_committed(),
        *undeclared_imports(),
        *outdated_documents(),
        *console_sources.complaints(tracked("center/console/src")),
        *pictures.misplaced(),
    ]
    for complaint in complaints:
        print(complaint)  # noqa: T201 - a gate speaks to the terminal
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
