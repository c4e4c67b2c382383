"""The manifest as text: written by code, by a form and by hand, always the same ``capability.toml``."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from capability_sdk.contracts.manifest import Manifest

_HEAD = "# What this capability is. `jiuzhou manifest schema` explains every member.\n"


def definition_schema() -> dict[str, Any]:
    """Return the JSON Schema of a manifest: what a form is drawn from."""
    return Manifest.model_json_schema()


def write_definition(manifest: Manifest) -> str:
    """Write a manifest as TOML; members that have their default are left out.

    Equal manifests give equal texts, whoever filled them in.
    """
    members = manifest.model_dump(mode="json", exclude_defaults=True)
    return _HEAD + "\n".join(_table(members, "")) + "\n"


def _table(members: Mapping[str, Any], path: str) -> Iterator[str]:
    """Write plain members first: in TOML what follows a table's head belongs to it."""
    for name, value in members.items():
        if not _is_table(value):
            yield f"{name} = {_value(value)}"
    for name, value in members.items():
        inner = f"{path}{name}"
        if isinstance(value, Mapping):
            yield from ("", f"[{inner}]", *_table(value, f"{inner}."))
        elif _is_table(value):
            for item in value:
                yield from ("", f"[[{inner}]]", *_table(item, f"{inner}."))


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)
    )


def _value(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    # JSON writes texts, numbers and truth values as TOML does, but for this one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
