"""One thing about Microsoft Graph that only a real tenant can confirm."""

from dataclasses import dataclass

UNKNOWN = "unknown"
"""The source of an assumption for which nothing was found: a guess, and marked as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """What is believed, on which evidence, what it costs when it is wrong, and which live check settles it.

    `source` is a URL, an evidence class with its place (`field: …` another public program or report, `inferred: …`
    follows from a page without being said there, `metadata: …` Microsoft's machine-made files), or `unknown`.
    `if_wrong` says what the app does then. `check` is an id of `dev.verify_tenant`; without one, `unchecked` says why
    no run can settle it. `simulated` is true where the simulator's code carries the mark of the assumption.
    """

    id: str
    what: str
    why: str
    source: str
    if_wrong: str
    check: str | None = None
    unchecked: str = ""
    simulated: bool = True
