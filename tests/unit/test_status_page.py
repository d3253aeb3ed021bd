"""The status page: what the report says, for a person, in a browser that may load and run nothing."""

import base64
import hashlib
import re
from copy import deepcopy
from html.parser import HTMLParser
from typing import Any

import pytest

from shared import http_answers as answers
from shared.models import Outcome, Reason
from shared.status_page.render import render
from shared.words import OUTCOME_WORDS, REASON_WORDS

USER = "00000000-0000-0000-0000-00000000000a"
AT = "2026-11-26T12:00:00+00:00"
WELL: dict[str, Any] = {
    "asOf": AT,
    "mode": "apply",
    "policy": "0123456789abcdef",
    "users": 3,
    "outcomes": {"done": 2, "refused": 1},
    "reasons": {"notMobile": 1},
    "phoneOnly": 2,
    "secondsFromNotificationToDone": {"median": 1.5, "max": 4.2},
    "waitingForAPerson": 1,
    "worklist": [
        {"id": USER, "outcome": "refused", "reasons": ["notMobile"], "number": "+49 •••••41", "source": "mobilePhone"}
    ],
    "parked": [],
    "writes": {
        "state": "ok",
        "paused": False,
        "by": None,
        "at": None,
        "detail": "",
        "usersInTheLastHour": 2,
        "mostPerHour": 2000,
    },
    "reading": {"state": "ok", "unreadable": [], "unreadableSince": None, "lookedAt": AT, "notificationAt": AT},
    "subscription": {"state": "live", "id": "s", "expires": AT, "notificationUrl": "https://a", "checkedAt": AT},
    "sweep": {"state": "ok", "completedAt": AT, "pageAt": AT, "full": True, "complete": True},
}
STALLED = {
    "state": "degraded",
    "id": "s",
    "expires": AT,
    "notificationUrl": "https://a",
    "checkedAt": AT,
    "missingSince": None,
    "renewalFailsSince": AT,
    "problem": "400 ErrorInvalidParameter",
}
PARKED = {
    "key": USER,
    "reason": "notAllowed",
    "users": [USER],
    "firstAt": AT,
    "lastAt": AT,
    "attempts": 3,
    "advice": "grant the permission",
}


def report(**changed: Any) -> dict[str, Any]:
    """A healthy one, except for what is given; a part is changed where it is a part."""
    whole = deepcopy(WELL)
    for name, value in changed.items():
        whole[name] = whole[name] | value if isinstance(value, dict) and name in {"writes", "reading"} else value
    return whole


class Parsed(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.pieces: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.pieces).split())


def shown(**changed: Any) -> Parsed:
    return Parsed(render(report(**changed)).html)


@pytest.mark.parametrize(
    "words",
    [
        "As of 26 Nov 2026 12:00 UTC · mode apply · policy 0123456789abcdef",
        "Subscription live ends 26 Nov 2026 12:00 UTC",
        "Writes ok 2 people in the last hour of 2000 at most",
        "People looked at 3",
        "Wait for a person 1 held, parked, refused",
        "2 people have a phone and no other method. On 1 February 2027",
        "1.5 s median; longest 4.2 s",
        f"refused {OUTCOME_WORDS['refused']} 1",
        f"notMobile {REASON_WORDS['notMobile']} 1",
        f"{USER} refused notMobile +49 •••••41 mobilePhone",
        "Nothing is parked.",
    ],
)
def test_the_page_says_what_the_report_says(words: str) -> None:
    assert words in shown().words


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"mode": "plan"}, "Plan mode. Nothing is written to any user."),
        (
            {"writes": {"state": "paused", "paused": True, "by": "operator", "at": AT, "detail": "wrong feed"}},
            "Paused by operator since 26 Nov 2026 12:00 UTC: wrong feed.",
        ),
        (
            {"reading": {"state": "unreadable", "unreadable": ["roles: 403 accessDenied"], "unreadableSince": AT}},
            "Unreadable: roles: 403 accessDenied, since 26 Nov 2026 12:00 UTC.",
        ),
        (
            {"subscription": STALLED},
            "Subscription: 400 ErrorInvalidParameter, not renewed since 26 Nov 2026 12:00 UTC. mfa-prefill",
        ),
        (
            {"subscription": STALLED | {"renewalFailsSince": None}},
            "Subscription: 400 ErrorInvalidParameter. mfa-prefill subscription ensure",
        ),
        ({"parked": [PARKED]}, f"{USER} notAllowed grant the permission 3 26 Nov 2026 12:00 UTC"),
        ({"waitingForAPerson": 700}, "The first 1 of 700."),
        ({"phoneOnly": 1}, "1 person has a phone and no other method."),
        ({"secondsFromNotificationToDone": None}, "nothing written yet"),
        ({"outcomes": {}, "reasons": {}, "worklist": [], "phoneOnly": 0}, "Nobody waits for a person."),
    ],
)
def test_what_an_operator_must_not_overlook(changed: dict[str, Any], words: str) -> None:
    assert words in shown(**changed).words
    assert words not in shown().words


@pytest.mark.parametrize(
    ("part", "state", "tone"),
    [
        ("subscription", "live", "good"),
        ("subscription", "removed", "quiet"),
        ("subscription", "expired", "bad"),
        ("subscription", "missing", "bad"),
        ("subscription", "degraded", "bad"),
        ("writes", "ok", "good"),
        ("writes", "paused", "quiet"),
        ("writes", "tripped", "bad"),
        ("reading", "unreadable", "bad"),
        ("sweep", "none", "quiet"),
        ("sweep", "late", "bad"),
    ],
)
def test_colours_say_what_the_words_say(part: str, state: str, tone: str) -> None:
    html = render(report(**{part: WELL[part] | {"state": state}})).html
    assert re.search(rf'<section class="card {tone}"><h3>{part.title()}</h3><p class="big">{state}</p>', html)


@pytest.mark.parametrize("words", [OUTCOME_WORDS, REASON_WORDS])
def test_every_word_has_its_meaning(words: dict[str, str]) -> None:
    assert set(words) == set(Outcome if words is OUTCOME_WORDS else Reason)


def test_a_page_of_every_word_there_is() -> None:
    page = shown(outcomes=dict.fromkeys(Outcome, 1), reasons=dict.fromkeys(Reason, 1))
    for word in (*Outcome, *Reason):
        assert word.value in page.words


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def test_what_people_wrote_is_text() -> None:
    parked = PARKED | {"advice": HOSTILE, "key": HOSTILE}
    page = shown(writes={"paused": True, "by": "operator", "at": AT, "detail": HOSTILE}, parked=[parked])
    assert page.words.count(HOSTILE) == 3
    assert not {tag for tag, _ in page.tags} & {"script", "img"}


def test_the_page_loads_and_runs_nothing() -> None:
    page = shown(parked=[PARKED])
    assert not {tag for tag, _ in page.tags} & {"script", "img", "link", "iframe", "object", "form", "base"}
    names = {name for _, attributes in page.tags for name in attributes}
    assert not {name for name in names if name.startswith("on")} | names & {"src", "style"}
    assert [link["rel"] for tag, link in page.tags if tag == "a"] == ["noreferrer"]


def test_the_policy_allows_the_style_that_is_there_and_no_other() -> None:
    page = render(report())
    style = page.html.split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    headers = answers.page(page.html, page.style_source).headers
    assert headers["Content-Security-Policy"] == (
        f"default-src 'none'; frame-ancestors 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert (headers["Referrer-Policy"], headers["Cache-Control"]) == ("no-referrer", "no-store")


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", True),
        ("text/html", True),
        ("text/html;q=0.9, application/json;q=0.5", True),
        ("application/json", False),
        ("application/json, text/html;q=0.9", False),
        ("application/json, text/html", False),
        ("text/html;q=0, */*", False),
        ("*/*", False),
        ("", False),
        (None, False),
        ("nonsense;;q=,", False),
    ],
)
def test_a_browser_gets_the_page_and_everybody_else_json(accept: str | None, page: bool) -> None:
    assert answers.wants_page(accept) is page
