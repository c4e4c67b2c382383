"""Fills the page's template: no script, nothing from elsewhere, everything escaped."""

import base64
import hashlib
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from capability_sdk.contracts.packages import Check, Figure, GateReport, Section
from capability_sdk.contracts.passport import Passport
from capability_sdk.gate.page.plots import Plot, number, plots_of
from capability_sdk.gate.page.words import Language, title_of, word
from capability_sdk.gate.prediction import requests_per_core_second

_MIB = 1 << 20
_HERE = files("capability_sdk.gate.page")
_STYLE = _HERE.joinpath("page.css").read_text(encoding="utf-8")
_STYLE_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_DIGEST}'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'; sandbox"
)
"""Lets the page's own style apply, and nothing else."""


@dataclass(frozen=True, slots=True)
class ShownCheck:
    """A check with its plots."""

    check: Check
    verdict: str
    plots: list[Plot]


@dataclass(frozen=True, slots=True)
class ShownSection:
    """A section of the report; without checks where none was run.

    Attributes:
        plain: Checks that have nothing to say but their verdict.
        told: The others.
    """

    name: str
    verdict: str
    plain: list[ShownCheck]
    told: list[ShownCheck]


def render(report: GateReport, title: str, language: Language = "en") -> str:
    """Return the page.

    Args:
        report: What the gate found.
        title: Name and version.
        language: Of headings and names; what a check found is said in English.
    """
    sections = [_section(report, section) for section in Section]
    failed = [check for check in report.checks if not check.passed]
    return _template().render(
        report=report,
        title=title,
        language=language,
        sections=sections,
        failed=failed,
        passport=_tiles(Passport.model_validate(report.passport)),
        # Without the mark its quotes would be escaped, and its digest would be another.
        style=Markup(_STYLE),  # noqa: S704 - a file of ours
        word=partial(word, language=language),
        title_of=partial(title_of, language=language),
        number=number,
    )


@cache
def _template() -> Template:
    # The only source of markup is the template itself.
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_HERE.joinpath("page.html.j2").read_text(encoding="utf-8"))


def _section(report: GateReport, section: Section) -> ShownSection:
    checks = [_shown(check) for check in report.checks if check.section is section]
    verdicts = {shown.verdict for shown in checks}
    verdict = next((v for v in ("failed", "passed", "skipped") if v in verdicts), "not_run")
    plain = [shown for shown in checks if not (shown.check.detail or shown.check.figures)]
    return ShownSection(section.value, verdict, plain, [c for c in checks if c not in plain])


def _shown(check: Check) -> ShownCheck:
    verdict = "skipped" if check.skipped else "passed" if check.passed else "failed"
    return ShownCheck(check, verdict, plots_of(check.series))


def _tiles(passport: Passport) -> list[Figure]:
    """Pick what a reader looks for first; nothing that was not measured."""
    first = passport.requests[0].cpu_microseconds_per_request if passport.requests else 0.0
    tiles = [
        Figure(name="resident", value=passport.resident_bytes / _MIB, unit="MiB"),
        Figure(name="start", value=passport.start_seconds, unit="s"),
        Figure(name="best_batch", value=passport.best_batch or 0, unit="rows"),
        Figure(name="cpu_per_request", value=first, unit="µs"),
        Figure(name="requests_per_core", value=requests_per_core_second(passport, 1)),
        Figure(name="node_score", value=passport.node_score),
    ]
    return [tile for tile in tiles if tile.value]
