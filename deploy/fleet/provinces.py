"""The 31 provinces of the mainland, and what befalls some of them in the simulation."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Fate(StrEnum):
    """What a simulated province shows that a calm one does not."""

    CALM = "calm"
    DRIFTING = "drifting"
    """Three inputs of one capability move."""
    ECHOING = "echoing"
    """The first of these inputs moves here as well, a little."""
    FLOODED = "flooded"
    """One application calls far more than its rate allows."""
    WORSE = "worse"
    """One capability's answers get worse while its inputs stay."""
    LATE = "late"
    """Nothing has come for hours; what came before is complete."""
    SILENT = "silent"
    """It enrolled, and never said a word."""


@dataclass(frozen=True, slots=True)
class SimulatedProvince:
    """A province of the fleet.

    Attributes:
        size: Traffic beside that of a middling province.
    """

    name: str
    zh: str
    en: str
    size: float
    fate: Fate = Fate.CALM


_ALL: Final = (
    SimulatedProvince("yunnan", "云南", "Yunnan", 0.9, Fate.DRIFTING),
    SimulatedProvince("gansu", "甘肃", "Gansu", 0.6, Fate.LATE),
    SimulatedProvince("xizang", "西藏", "Xizang", 0.3, Fate.SILENT),
    SimulatedProvince("guangdong", "广东", "Guangdong", 2.2, Fate.FLOODED),
    SimulatedProvince("guangxi", "广西", "Guangxi", 0.9, Fate.ECHOING),
    SimulatedProvince("henan", "河南", "Henan", 1.5, Fate.WORSE),
    SimulatedProvince("beijing", "北京", "Beijing", 1.4),
    SimulatedProvince("shanghai", "上海", "Shanghai", 1.5),
    SimulatedProvince("sichuan", "四川", "Sichuan", 1.5),
    SimulatedProvince("jiangsu", "江苏", "Jiangsu", 1.8),
    SimulatedProvince("shandong", "山东", "Shandong", 1.7),
    SimulatedProvince("hubei", "湖北", "Hubei", 1.1),
    SimulatedProvince("hunan", "湖南", "Hunan", 1.1),
    SimulatedProvince("fujian", "福建", "Fujian", 1.0),
    SimulatedProvince("shaanxi", "陕西", "Shaanxi", 0.9),
    SimulatedProvince("liaoning", "辽宁", "Liaoning", 0.9),
    SimulatedProvince("anhui", "安徽", "Anhui", 1.1),
    SimulatedProvince("hebei", "河北", "Hebei", 1.2),
    SimulatedProvince("jiangxi", "江西", "Jiangxi", 0.9),
    SimulatedProvince("chongqing", "重庆", "Chongqing", 0.9),
    SimulatedProvince("heilongjiang", "黑龙江", "Heilongjiang", 0.7),
    SimulatedProvince("jilin", "吉林", "Jilin", 0.6),
    SimulatedProvince("neimenggu", "内蒙古", "Inner Mongolia", 0.6),
    SimulatedProvince("shanxi", "山西", "Shanxi", 0.8),
    SimulatedProvince("tianjin", "天津", "Tianjin", 0.7),
    SimulatedProvince("xinjiang", "新疆", "Xinjiang", 0.6),
    SimulatedProvince("ningxia", "宁夏", "Ningxia", 0.4),
    SimulatedProvince("qinghai", "青海", "Qinghai", 0.3),
    SimulatedProvince("hainan", "海南", "Hainan", 0.5),
    SimulatedProvince("zhejiang", "浙江", "Zhejiang", 1.8),
    SimulatedProvince("guizhou", "贵州", "Guizhou", 0.8),
)
MOST_PROVINCES: Final = len(_ALL)


def provinces(count: int) -> tuple[SimulatedProvince, ...]:
    """Return the first provinces of the fleet: those with a fate come first."""
    return _ALL[:count]
