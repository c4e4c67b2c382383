"""An incident file as one document, to read and to file elsewhere (R101)."""

import html
import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from center.incident.domain import Line
from center.incident.service import File

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|])")
_STYLE = (
    "body{font:15px/1.6 system-ui,'Noto Sans CJK SC',sans-serif;max-width:60em;margin:2em auto}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3em .6em;"
    "vertical-align:top;border-bottom:1px solid}"
)

Table = tuple[Sequence[str], Sequence[Sequence[str]]]
Section = tuple[str, str | Table]
"""Heading with a text, or with a table's head and rows."""


def as_markdown(file: File, lines: Sequence[Line]) -> str:
    """Write the file as Markdown; what people wrote stays text, never markup."""
    parts = [f"# {_plain(file.incident.account.title)}"]
    for heading, content in _sections(file, lines):
        parts.append(f"## {heading}")
        parts.append(_plain(content) if isinstance(content, str) else _markdown_table(content))
    return "\n\n".join(parts) + "\n"


def as_html(file: File, lines: Sequence[Line]) -> str:
    """Write the file as one HTML page that loads nothing and runs nothing."""
    title = html.escape(file.incident.account.title)
    body = [f"<h1>{title}</h1>"]
    for heading, content in _sections(file, lines):
        body.append(f"<h2>{html.escape(heading)}</h2>")
        if isinstance(content, str):
            body += [f"<p>{html.escape(part)}</p>" for part in content.split("\n\n")]
        else:
            body.append(_html_table(content))
    head = f'<meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
    return (
        f'<!doctype html><html lang="zh-CN"><head>{head}</head><body>{"".join(body)}</body></html>'
    )


def _sections(file: File, lines: Sequence[Line]) -> Iterator[Section]:
    item, account = file.incident, file.incident.account
    yield "概要 Summary", account.summary or "—"
    facts = (
        ("编号 Number", item.id),
        ("状态 State", item.state),
        ("影响 Impact", account.severity),
        ("范围 Scope", ", ".join((*account.provinces, *account.capabilities)) or "全部 all"),
        ("开始 Began", _moment(account.begins_at)),
        ("结束 Ended", _moment(account.ends_at)),
        ("负责 Lead", account.lead or "—"),
        ("参加 Attendees", ", ".join(account.attendees) or "—"),
    )
    yield "事实 Facts", (("", ""), facts)
    yield "直接原因 Near cause", account.near_cause or "—"
    yield "根本原因 Root cause", account.root_cause or "—"
    actions = [
        (action.text, action.owner, str(action.due_on or "—"), _moment(action.done_at))
        for action in file.actions
    ]
    yield "改进措施 Actions", (("措施 Action", "负责 Owner", "期限 Due", "完成 Done"), actions)
    happened = [
        (_moment(line.at), line.actor, _place(line), line.act, _said(line)) for line in lines
    ]
    yield (
        "时间线 Timeline",
        (("时间 UTC", "谁 Who", "何处 Where", "何事 What", "说明 Said"), happened),
    )


def _said(line: Line) -> str:
    if line.says is not None and line.text in ("", line.says["en"]):
        return f"{line.says['zh']} / {line.says['en']}"
    return line.text


def _place(line: Line) -> str:
    return " ".join(name for name in (line.province, line.capability) if name)


def _moment(at: datetime | None) -> str:
    return "—" if at is None else at.strftime("%Y-%m-%d %H:%M:%S")


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


def _markdown_table(table: Table) -> str:
    head, rows = table
    lines = [head, ["---"] * len(head), *rows]
    cells = [[_plain(cell) if line is not lines[1] else cell for cell in line] for line in lines]
    return "\n".join(
        f"| {' | '.join(cell.replace(chr(10), ' ') for cell in line)} |" for line in cells
    )


def _html_table(table: Table) -> str:
    head, rows = table
    top = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
    body = "".join(
        f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
