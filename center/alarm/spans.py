"""Spans of time in words, as alarms say them in both languages."""

from datetime import timedelta

_UNITS = (
    (timedelta(days=2), timedelta(days=1), "天", "days"),
    (timedelta(hours=2), timedelta(hours=1), "小时", "hours"),
    (timedelta(minutes=2), timedelta(minutes=1), "分钟", "minutes"),
    (timedelta(0), timedelta(seconds=1), "秒", "seconds"),
)


def in_words(span: timedelta) -> tuple[str, str]:
    """Return a span in Chinese and in English, in whole units of which there are two or more."""
    for least, unit, zh, en in _UNITS:
        if span >= least:
            return f"{span // unit} {zh}", f"{span // unit} {en}"
    return in_words(timedelta(0))
