"""What a reviewer has to have looked at: templates by domain, each item ticked by somebody."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from capability_sdk.contracts.manifest import Titles


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to look at."""

    id: str
    titles: Titles


@dataclass(frozen=True, slots=True)
class Tick:
    """Who said that they looked at an item, and when."""

    item: str
    by: str
    at: datetime


def _item(name: str, zh: str, en: str) -> Item:
    return Item(name, Titles(zh=zh, en=en))


_GENERAL = (
    _item(
        "contract-read",
        "接口约定已核对, 破坏性变更已与订阅方沟通",
        "Contract read; subscribers know of every breaking change",
    ),
    _item("gate-read", "门禁报告已阅读, 数值合理", "Gate report read; its figures are plausible"),
    _item("code-read", "代码差异已阅读", "Difference of the code read"),
    _item(
        "data-permitted",
        "训练数据来源与授权清楚",
        "Origin and licence of the training data are clear",
    ),
)
_OF_DOMAIN = {
    "ran": (_item("no-customer-data", "输入不含用户标识", "No input identifies a customer"),),
    "core": (_item("no-customer-data", "输入不含用户标识", "No input identifies a customer"),),
    "finance": (
        _item("fairness-read", "各人群误差差异可接受", "Errors differ acceptably between groups"),
    ),
}


def template(domain: str) -> tuple[Item, ...]:
    """Return the checklist of a domain: what holds for all, then its own."""
    return (*_GENERAL, *_OF_DOMAIN.get(domain, ()))


def missing(domain: str, ticked: Collection[str]) -> list[str]:
    """Return the items of a domain that nobody ticked, in order."""
    return [item.id for item in template(domain) if item.id not in ticked]
