"""A failpoint before every statement of a gateway's way to a decision.

The product knows nothing of them: the gateway under test is started by `gateway` in this folder, which
puts them into the modules as it imports them. Which one fails is written on a board, a small file that
both processes map.
"""

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import mmap
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType

from edge_gateway.compiled import OFF, ROOT

MODULES = (
    "edge_gateway.jws",
    "edge_gateway.gateway.tokens",
    "edge_gateway.gateway.paths",
    "edge_gateway.gateway.app",
    "edge_gateway.gateway.inference",
    "edge_gateway.gateway.targets",
    "edge_gateway.gateway.routing",
    "edge_gateway.gateway.admission",
    "edge_gateway.gateway.quota",
    "edge_gateway.gateway.feedback",
)
BOARD_VARIABLE = "FAILPOINT_BOARD"
_BOARD_BYTES = 16
_REACH = "_reach_failpoint"


class Planned(RuntimeError):
    """What a failpoint raises."""


@dataclass(frozen=True)
class Failpoint:
    """A statement of the path."""

    number: int
    module: str
    function: str
    line: int
    text: str

    def __str__(self) -> str:
        where = f"{self.module.removeprefix('edge_gateway.')}:{self.line} {self.function}"
        return f"{where}: {self.text}"


class Board:
    """Which failpoint fails now, and how often it did."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(bytes(_BOARD_BYTES))
        with file.open("r+b") as opened:
            self._values = memoryview(mmap.mmap(opened.fileno(), _BOARD_BYTES)).cast("q")

    @property
    def hits(self) -> int:
        """How often the armed failpoint failed."""
        return int(self._values[1])

    def arm(self, number: int) -> None:
        """Let a failpoint fail from now on; 0 lets none."""
        self._values[0] = 0
        self._values[1] = 0
        self._values[0] = number

    def reach(self, number: int) -> None:
        """Fail if this failpoint is armed.

        Raises:
            Planned: It is.
        """
        if self._values[0] == number:
            self._values[1] += 1
            raise Planned(f"failpoint {number}")


def failpoints() -> list[Failpoint]:
    """Return all failpoints, in the order of the path."""
    found: list[Failpoint] = []
    for module in MODULES:
        tree = ast.parse(_source_of(module).read_bytes())
        for function, _, statement in _statements(tree, ""):
            text = ast.unparse(statement).partition("\n")[0]
            found.append(Failpoint(len(found) + 1, module, function, statement.lineno, text))
    return found


def install() -> None:
    """Put failpoints into the modules of the path when they are imported: into their source, so none is compiled."""
    os.environ[OFF] = "1"
    board = Board(Path(os.environ[BOARD_VARIABLE]))
    numbers: dict[str, list[int]] = {name: [] for name in MODULES}
    for failpoint in failpoints():
        numbers[failpoint.module].append(failpoint.number)
    sys.meta_path.insert(0, _Finder(board, numbers))


def _source_of(module: str) -> Path:
    return ROOT.joinpath(*module.split(".")).with_suffix(".py")


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, board: Board, numbers: dict[str, list[int]]) -> None:
        self._board = board
        self._numbers = numbers

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None,  # noqa: ARG002 - the source alone is asked for
        target: ModuleType | None = None,  # noqa: ARG002 - nothing is loaded anew
    ) -> importlib.machinery.ModuleSpec | None:
        if name not in self._numbers:
            return None
        source = str(_source_of(name))
        loader = _Loader(name, source, self._board, self._numbers[name])
        return importlib.util.spec_from_file_location(name, source, loader=loader)


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, board: Board, numbers: list[int]) -> None:
        super().__init__(name, path)
        self._board = board
        self._numbers = numbers

    def get_code(self, fullname: str) -> CodeType:
        """Compile with failpoints; never from a cache."""
        path = self.get_filename(fullname)
        tree = ast.parse(self.get_data(path))
        found = list(_statements(tree, ""))
        for number, (_, block, statement) in zip(self._numbers, found, strict=True):
            call = ast.parse(f"{_REACH}({number})").body[0]
            block.insert(block.index(statement), ast.copy_location(call, statement))
        return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)

    def exec_module(self, module: ModuleType) -> None:
        setattr(module, _REACH, self._board.reach)
        super().exec_module(module)


_Block = list[ast.stmt]


def _statements(node: ast.AST, function: str) -> Iterator[tuple[str, _Block, ast.stmt]]:
    """Find the statements inside functions, with the block that each stands in."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        prefix = f"{function}." if function else ""
        inside = f"{prefix}{node.name}"
    else:
        inside = function
    is_in_function = function != "" and not isinstance(node, ast.ClassDef)
    is_in_function |= isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    for _, value in ast.iter_fields(node):
        if not isinstance(value, list):
            continue
        for item in [entry for entry in value if isinstance(entry, ast.AST)]:
            if isinstance(item, ast.stmt) and is_in_function and _can_fail(item):
                yield inside, value, item
            yield from _statements(item, inside)


def _can_fail(statement: ast.stmt) -> bool:
    """A docstring, the word ``try`` or a bare ``return`` cannot."""
    if isinstance(statement, ast.Return) and statement.value is None:
        return False
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return False
    return not isinstance(
        statement, ast.Try | ast.Nonlocal | ast.Global | ast.FunctionDef | ast.Pass
    )
