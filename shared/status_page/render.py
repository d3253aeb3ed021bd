"""From the report's document to HTML. Nothing is decided here: the page shows what the JSON says.

The page loads nothing and runs nothing: no script, no picture, no font, one style sheet in the page itself, which the
answer's Content-Security-Policy names by its hash.
https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Content-Security-Policy/style-src
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from shared.health import is_fine
from shared.moments import kept_moment
from shared.report import DEAD_ENDS, WORKLIST
from shared.words import OUTCOME_WORDS, REASON_WORDS

PARTS = ("subscription", "writes", "reading", "sweep")
_IN_USE = {"subscription": "live", "writes": "ok", "reading": "ok", "sweep": "ok"}
"""The words of a service at work. Another word that asks for nobody (paused, removed, none yet) is shown as quiet."""


@dataclass(frozen=True, slots=True)
class Page:
    """`style_source`: the style sheet's hash, in the words of a Content-Security-Policy."""

    html: str
    style_source: str


def render(report: Mapping[str, Any]) -> Page:
    """The page of what `shared.report` has reported."""
    tones = {part: _tone(part, report[part]["state"]) for part in PARTS}
    html = _environment().get_template("page.html").render(report=report, tones=tones)
    return Page(html, _style_source())


def _tone(part: str, word: str) -> str:
    if not is_fine(part, word):
        return "bad"
    return "good" if word == _IN_USE[part] else "quiet"


@cache
def _environment() -> Environment:
    """Whatever is put in is escaped; a name that the report does not have is an error and not an empty place."""
    environment = Environment(
        loader=PackageLoader("shared", "status_page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,  # the hash is over every character between the style tags
    )
    environment.filters["moment"] = _moment
    environment.globals["worklist"] = [*sorted(WORKLIST), *sorted(DEAD_ENDS)]
    environment.globals["outcome_words"] = OUTCOME_WORDS
    environment.globals["reason_words"] = REASON_WORDS
    return environment


@cache
def _style_source() -> str:
    style = _environment().get_template("page.css").render()
    return f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"


def _moment(text: str | None) -> str:
    moment = kept_moment(text)
    text = f"{moment.astimezone(UTC):%d %b %Y %H:%M} UTC" if moment else "never"
    return text.replace(" ", "\N{NO-BREAK SPACE}")
