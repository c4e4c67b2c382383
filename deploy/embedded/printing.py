"""What people read of a running platform."""

import shlex
from pathlib import Path

from deploy.embedded.platform import PlatformStatus


def overview(found: PlatformStatus) -> str:
    """Describe a platform in a few lines: addresses, accounts, what runs."""
    lines = ["", f"center     {found.center.url}"]
    if found.proving is not None:
        lines.append(f"{found.proving.name:10} {found.proving.gateway_url} (drafts alone)")
    lines += [f"{province.name:10} {province.gateway_url}" for province in found.provinces]
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
