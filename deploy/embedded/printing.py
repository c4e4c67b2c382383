"""What people read of a running platform."""

import shlex
from pathlib import Path

from deploy.embedded.platform import PlatformStatus, ProvinceView


def overview(found: PlatformStatus) -> str:
    """Describe a platform in a few lines: addresses, accounts, what runs."""
    lines = ["", f"center     {found.center.url} (console and API)"]
    if found.proving is not None:
        lines.append(f"{found.proving.name:10} {found.proving.gateway_url} (drafts alone)")
    lines += [f"{province.name:10} {province.gateway_url}" for province in found.provinces]
    lines += filter(None, map(_directory, (*found.provinces, *filter(None, [found.proving]))))
    if not found.accounts:
        center = Path(found.data) / "center"
        lines.append(f"first admin: jiuzhou admin create NAME --data {center}")
    lines += [
        f"account    {account.name} ({account.role}, {account.organisation})"
        f"  password {account.password}"
        for account in found.accounts
    ]
    lines += [f"caller     {item.client_id} ({item.province})" for item in found.applications]
    lines.append(f"processes  {len(found.processes)}; all of it: jiuzhou status --json")
    return "\n".join(lines)


def _directory(province: ProvinceView) -> str:
    """Say how a province's service directory does; nothing of the embedded one, which always does."""
    directory = province.directory
    if directory is None or directory["engine"] == "embedded":
        return ""
    age = directory["age_seconds"]
    when = "never answered" if age is None else f"answered {age:.0f} s ago"
    trouble = f"; {directory['detail']}: nodes that report go on" if directory["detail"] else ""
    return f"directory  {directory['engine']} of {province.name} {when}{trouble}"


def environment(found: PlatformStatus, name: str) -> str | None:
    """Write shell assignments for calls of a province; None where the demo has no such province."""
    province = next((p for p in found.provinces if p.name == name), None)
    application = next((a for a in found.applications if a.province == name), None)
    if province is None or application is None:
        return None
    return "\n".join(
        f"{variable}={shlex.quote(value)}"
        for variable, value in (
            ("GATEWAY", province.gateway_url),
            ("CLIENT_ID", application.client_id),
            ("CLIENT_SECRET", application.client_secret),
        )
    )
