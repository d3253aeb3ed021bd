"""What a person reads. The documents are those of the app's routes."""

from typing import Any

from tests.unit.operator_cli.fakes import URL, USER, answer, fake

EXPLANATION: dict[str, Any] = {
    "id": USER,
    "ledger": {
        "outcome": "held",
        "reasons": ["changeHeld"],
        "lookedAt": "2026-11-23T17:52:59.192198+00:00",
        "numberWrittenByUs": True,
        "stateWritten": "enabled",
        "attempts": 0,
        "cause": "sweep",
    },
    "history": [
        {
            "at": "2026-11-23T17:52:59+01:00",
            "phase": "outcome",
            "cause": "notification",
            "actions": ["add mobile +31 ••••••78", "set MFA state enabled"],
            "outcome": "done",
            "reasons": [],
            "policy": "1d852712333a",
            "requestIds": [],
        }
    ],
    "graph": {
        "accountEnabled": True,
        "userType": "Member",
        "usageLocation": "NL",
        "onPremisesSyncEnabled": None,
        "source": {"attribute": "mobilePhone", "value": "•• ••••••79"},
        "phoneMethods": [{"phoneType": "mobile", "phoneNumber": "+31 •••••••78"}],
        "methods": ["password", "phone"],
        "perUserMfaState": "enforced",
        "usableMethod": True,
    },
    "plan": {
        "outcome": "held",
        "reasons": ["changeHeld"],
        "actions": [],
        "number": "+31 ••••••79",
        "source": "mobilePhone, read as NL (usageLocation)",
        "holdUntil": "2026-11-24T17:52:59+00:00",
    },
    "policy": {"mode": "apply", "perUserMfaState": "enabled", "existingPhone": "follow", "fingerprint": "1d852712333a"},
}

REPORT: dict[str, Any] = {
    "asOf": "2026-11-23T17:52:59.363043+00:00",
    "mode": "apply",
    "policy": "1d852712333a",
    "users": 3,
    "outcomes": {"noop": 2, "refused": 1},
    "reasons": {"notMobile": 1},
    "phoneOnly": 1,
    "secondsFromNotificationToDone": {"median": 0.1, "max": 0.4},
    "worklist": [
        {"id": USER, "outcome": "refused", "reasons": ["notMobile"], "number": "+49 •••••41", "source": "mobilePhone"}
    ],
    "parked": [
        {
            "key": USER,
            "reason": "notAllowed",
            "users": [USER],
            "firstAt": "2026-11-23T17:00:00+00:00",
            "lastAt": "2026-11-23T17:00:00+00:00",
            "attempts": 1,
            "advice": "grant [UserAuthMethod-Phone.ReadWrite.All] and\x1b[31m consent",
        }
    ],
    "writes": {"state": "tripped", "paused": True, "by": "breaker", "at": None, "detail": "5 users", "mostPerHour": 5},
    "subscription": {"state": "live", "id": "s", "expires": None, "notificationUrl": "https://a", "checkedAt": None},
    "sweep": {"completedAt": None, "pageAt": None, "full": True, "complete": True},
}


def shown(route: str, document: dict[str, Any], *line: str, **environ: str) -> str:
    return fake((route, answer(200, document))).run(*line, environ={"MFA_PREFILL_URL": URL, **environ}).stdout


def test_explanation() -> None:
    text = shown(f"GET /api/users/{USER}", EXPLANATION, "explain", USER)
    for part in ("In Graph", "+31 •••••••78", "2026-11-24 17:52:59 UTC", "2026-11-23 16:52:59 UTC", "changeHeld"):
        assert part in text
    assert "add mobile +31 ••••••78, set MFA state enabled" in text


def test_explanation_of_a_user_whom_only_the_ledger_knows() -> None:
    document = EXPLANATION | {"graph": None, "problem": "404 Request_ResourceNotFound"}
    assert "404 Request_ResourceNotFound" in shown(f"GET /api/users/{USER}", document, "explain", USER)


def test_report() -> None:
    text = shown("GET /api/report", REPORT, "report")
    lines = [line.split() for line in text.splitlines()]
    for line in (["noop", "2"], ["refused", "1"], ["phone", "only", "1"], ["seconds", "to", "done,", "median", "0.1"]):
        assert line in lines
    assert ["state", "tripped"] in lines
    assert "grant [UserAuthMethod-Phone.ReadWrite.All] and?[31m consent" in text


def test_f_a_subscription_that_is_not_renewed_says_since_when_and_why() -> None:
    document = {
        "state": "degraded",
        "missingSince": None,
        "renewalFailsSince": "2026-11-23T18:00:00+01:00",
        "problem": "400 ErrorInvalidParameter",
    }
    text = shown("GET /api/subscription", document, "subscription")
    for part in ("degraded", "renewal fails since", "2026-11-23 17:00:00 UTC", "400 ErrorInvalidParameter"):
        assert part in text
    assert "missing since" not in text


def test_a_switch_says_who_when_and_why() -> None:
    document = {"paused": True, "by": "operator", "at": "2026-11-23T18:00:00+01:00", "detail": "wrong\x1b[31m feed"}
    text = shown("POST /api/pause", document, "pause")
    for part in ("yes", "operator", "2026-11-23 17:00:00 UTC", "wrong?[31m feed"):
        assert part in text


def test_plain_where_no_terminal_reads() -> None:
    text = shown("GET /api/report", REPORT, "report")
    assert not set(text) & set("\x1b╭│─")
    assert all(line == line.rstrip() or len(line) < 200 for line in text.splitlines())


def test_drawn_on_a_terminal() -> None:
    text = shown("GET /api/report", REPORT, "report", FORCE_COLOR="1", TERM="xterm-256color", COLUMNS="200")
    assert set("\x1b╭│─") <= set(text)
    assert "\x1b[31m consent" not in text


def test_nothing_to_tell_is_no_table() -> None:
    text = shown("GET /api/report", {"users": 0, "outcomes": {}, "worklist": []}, "report")
    assert "users  0" in text
    assert "Outcomes" not in text


def test_fields_nobody_expects_do_no_harm() -> None:
    text = shown("GET /api/health", {"status": "healthy", "breaker": "open", "asOf": 7}, "health")
    assert "breaker" in text
    assert shown(f"GET /api/users/{USER}", {"id": USER, "history": [{"at": "yesterday"}]}, "explain", USER)


def test_ensured_subscription_says_what_was_done() -> None:
    document = {"state": "live", "id": "s", "resource": "users", "steps": []}
    assert "it was healthy" in shown("POST /api/subscription", document, "subscription", "ensure")
    document["steps"] = ["deleted", "created"]
    assert "deleted, created" in shown("POST /api/subscription", document, "subscription", "ensure")


def test_listed_subscriptions() -> None:
    listed = [
        {"id": "s-1", "resource": "users", "changeType": "updated", "notificationUrl": "https://a", "expires": "x"}
    ]
    assert "s-1" in shown("GET /api/subscription", {"state": "live", "listed": listed}, "subscription")
