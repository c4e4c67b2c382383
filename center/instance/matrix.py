"""Capability x province in one answer: what should run, what does, and where they differ."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from center.instance.content import Content, Tick, compare
from center.instance.content_store import ContentStore, Reported, Wanted
from center.reach import Reach


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of the matrix is asked for.

    Attributes:
        words: Only capabilities whose name holds this.
        after: Only capabilities behind this one.
        only_wrong: Only cells in which something is not as it should be.
    """

    reach: Reach
    words: str | None
    after: str | None
    limit: int
    only_wrong: bool


def read_matrix(session: Session, asked: Asked, now: datetime) -> dict[str, Any]:
    """Return the members of `MatrixView`; plain ones, for there are tens of thousands."""
    store = ContentStore(session, asked.reach)
    names = store.capabilities(asked.after, asked.limit + 1, asked.words)
    has_more = len(names) > asked.limit
    names = names[: asked.limit]
    columns = _Columns(store, names)
    cells = [cell for item in store.wanted(names) if (cell := columns.cell(item))["v"]]
    cells.extend(columns.unwanted())
    if asked.only_wrong:
        cells = [cell for cell in cells if _is_wrong(cell)]
    ages = {name: (now - at).total_seconds() for name, at in store.reported_at().items()}
    provinces = sorted({cell["p"] for cell in cells})
    return {
        "capabilities": names,
        "provinces": [{"name": name, "age_seconds": ages.get(name)} for name in provinces],
        "cells": cells,
        "next": names[-1] if has_more else None,
    }


def _is_wrong(cell: dict[str, Any]) -> bool:
    return any(
        Tick.DIFFERENT in item["t"] or item["ready"] < item["least"] or not item["wanted"]
        for item in cell["v"]
    )


class _Columns:
    """What a page of the matrix is made of, by key."""

    def __init__(self, store: ContentStore, names: list[str]) -> None:
        self._released = store.released(names)
        self._overlays = store.overlays(names)
        self._reported: dict[tuple[str, str], dict[str, Reported]] = defaultdict(dict)
        for item in store.reported(names):
            self._reported[item.province, item.capability][item.version] = item

    def cell(self, item: Wanted) -> dict[str, Any]:
        """Compare one deployment with what its province reported."""
        key = (item.province, item.capability)
        version, overlay = self._overlays.get(key, (0, None))
        found = self._reported.pop(key, {})
        lines = [
            _line(share, desired.with_overlay(overlay), found.pop(share["version"], None))
            for share in item.shares
            if (desired := self._released.get((item.capability, share["version"]))) is not None
        ]
        if found:
            lines.extend(_stray(other) for other in found.values())
        return {
            "p": item.province,
            "c": item.capability,
            "v": lines,
            "revision": item.revision,
            "overlay": version,
            "priority": item.priority,
        }

    def unwanted(self) -> list[dict[str, Any]]:
        """Return cells of what provinces run and should not."""
        return [
            {
                "p": province,
                "c": capability,
                "v": [_stray(item) for item in found.values()],
                "revision": 0,
                "overlay": 0,
                "priority": "standard",
            }
            for (province, capability), found in sorted(self._reported.items())
        ]


def _line(share: dict[str, Any], desired: Content, found: Reported | None) -> dict[str, Any]:
    scaling = share.get("scaling")
    is_read = found is not None and found.is_read
    return {
        "version": share["version"],
        "weight": share["weight"],
        "least": share["replicas"] if scaling is None else scaling["min"],
        "ready": 0 if found is None else found.ready,
        "t": compare(desired, None if found is None else found.content, is_read=is_read),
        "wanted": True,
    }


def _stray(found: Reported) -> dict[str, Any]:
    ticks = Tick.UNKNOWN * 5
    return {
        "version": found.version,
        "weight": 0,
        "least": 0,
        "ready": found.ready,
        "t": ticks,
        "wanted": False,
    }
