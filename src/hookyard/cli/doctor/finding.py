"""One thing that the doctor has found."""

from typing import Final, Literal

from msgspec import Struct

Severity = Literal["info", "warning", "error"]

EXIT: Final[dict[Severity, int]] = {"info": 0, "warning": 1, "error": 3}
"""The exit code of the worst there is."""


class Finding(Struct, frozen=True):
    """What is wrong, why that matters, and what to do about it."""

    severity: Severity
    code: str
    """In two words, for programs."""
    what: str
    why: str
    do: str


class Diagnosis(Struct, frozen=True):
    """All that was found."""

    config: str
    worst: Severity | Literal["ok"]
    findings: tuple[Finding, ...]


def diagnose(config: str, findings: list[Finding]) -> Diagnosis:
    """Sort them, the worst first."""
    order = ("error", "warning", "info")
    ranked = sorted(findings, key=lambda one: order.index(one.severity))
    return Diagnosis(config, ranked[0].severity if ranked else "ok", tuple(ranked))
