"""What the report says where the proving edge could not prove anything, and why."""

from capability_sdk.contracts.packages import Check, Section

_SECTIONS = {
    "integration": Section.INTEGRATION,
    "load": Section.LOAD,
    "proving-statelessness": Section.STATELESSNESS,
    "proving-cold-start": Section.COLD_START,
    "metering": Section.INTEGRATION,
}
_LOOK_AFTER_IT = (
    "Nothing is known to be wrong with the package. Have an admin of the center look after the "
    "proving edge (`jiuzhou province health`), then upload the next version."
)


def not_proven() -> list[Check]:
    """Say that nobody proved anything here, and that nobody had to."""
    why = "no proving edge is enrolled beside this center, and its settings ask for none"
    return [
        Check(name=name, section=section, passed=True, skipped=True, detail=why)
        for name, section in _SECTIONS.items()
    ]


def edge_missing(detail: str) -> Check:
    """Refuse a version because the proving edge is silent or broken: nothing passes unproven."""
    return Check(
        name="proving-edge",
        section=Section.INTEGRATION,
        passed=False,
        detail=detail,
        cure=_LOOK_AFTER_IT,
    )


def does_not_start(detail: str) -> Check:
    """Refuse a version that the proving edge took and could not bring up."""
    return Check(
        name="proving-cold-start",
        section=Section.COLD_START,
        passed=False,
        detail=detail,
        cure="Run `jiuzhou gate` on the package: it must start within its declared resources.",
    )
