"""The definition of a capability as questions: what a form asks, at a terminal."""

from typing import Any

import typer
from pydantic import ValidationError

from capability_sdk.contracts.errors import InvalidInput
from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import AlgorithmFamily, Manifest
from capability_sdk.packaging.project import first_definition


def ask_definition(name: str, template: str) -> Manifest:
    """Ask for the words of a definition and for its tensors; the template's are proposed.

    Raises:
        InvalidInput: An answer is not acceptable; the member is named.
    """
    proposed = first_definition(name, template)
    members = proposed.model_dump(mode="json", exclude_defaults=True) | {
        "titles": {
            "zh": typer.prompt("Title in Chinese", proposed.titles.zh),
            "en": typer.prompt("Title in English", proposed.titles.en),
        },
        "summary": {
            "zh": typer.prompt("One sentence in Chinese", proposed.summary.zh),
            "en": typer.prompt("One sentence in English", proposed.summary.en),
        },
        "domain": typer.prompt("Domain", proposed.domain),
        "owner": typer.prompt("Owner", proposed.owner),
        "licence": typer.prompt("Licence", proposed.licence),
        "algorithm_family": typer.prompt(
            f"Algorithm family ({', '.join(AlgorithmFamily)})", proposed.algorithm_family.value
        ),
        "inputs": _ask_tensors("input", "features"),
        "outputs": _ask_tensors("output", "value"),
    }
    try:
        return Manifest.model_validate(members)
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise InvalidInput("; ".join(problems), fields=problems) from error


def _ask_tensors(kind: str, proposed: str) -> list[dict[str, Any]]:
    tensors: list[dict[str, Any]] = []
    while True:
        proposal = proposed if not tensors else ""
        name = typer.prompt(f"Name of an {kind} (empty: no more)", proposal, show_default=True)
        if not name:
            return tensors
        shape = typer.prompt("  Sizes of a row, without the batch", "1")
        tensors.append(
            {
                "name": name,
                "datatype": typer.prompt(f"  Datatype ({', '.join(Datatype)})", "FP32"),
                "shape": [part.strip() for part in shape.split(",") if part.strip()],
                "unit": typer.prompt("  Unit", "", show_default=False),
                "description": typer.prompt("  Meaning", "", show_default=False),
                "sensitive": typer.confirm("  Sensitive (never profiled)?", default=False),
            }
        )
