"""The report: what is in it, and what never is."""

import json
from dataclasses import replace
from datetime import UTC, datetime

from dev.graph_simulator.assumptions import ASSUMPTIONS
from dev.verify_tenant.bench import Tenant
from dev.verify_tenant.check import Trace, Verdict
from dev.verify_tenant.checks import CHECKS
from dev.verify_tenant.cleanup import Leftover
from dev.verify_tenant.exchange import Answer, Exchange, Request
from dev.verify_tenant.identity import Identity, read_identity
from dev.verify_tenant.judgement import judge, not_tried
from dev.verify_tenant.masking import Names
from dev.verify_tenant.numbers import MOBILE
from dev.verify_tenant.options import Options
from dev.verify_tenant.report import Outcome, Report, as_json, tenant_hash

TENANT = Tenant(id="eeeeeeee-0000-4000-8000-000000000005", display_name="Contoso Ltd", domains=("contoso.example",))
USER = "aaaaaaaa-0000-4000-8000-000000000001"
APP = Identity(app_only=True, permissions=frozenset({"User.Read.All"}), known=True)
OPTIONS = Options(credential="client-secret", guest="me@fabrikam.example", notification_url="https://me.example/hook")
[SECOND] = [check for check in CHECKS if check.id == "phone-second"]
[GUEST] = [check for check in CHECKS if check.id == "guest"]


def a_report(status: int = 409) -> Report:
    request = Request("POST", f"/users/{USER}/authentication/phoneMethods", {"phoneNumber": MOBILE.spaced})
    answer = Answer(status, {}, {"error": {"code": "conflict", "message": f"{MOBILE.spaced} of {USER}"}})
    trace = Trace([Exchange("second", request, answer)], {"second": answer}, {"seconds": 1.5})
    outcomes = [
        Outcome(SECOND, trace, judge(SECOND, trace, APP), 0.4),
        Outcome(GUEST, Trace(), not_tried(GUEST, "needs --guest")),
    ]
    left = Leftover(f"the user {USER}", "403 accessDenied", (f"az rest --url …/users/{USER}",))
    return Report(datetime(2026, 11, 28, tzinfo=UTC), outcomes, (left,), 12.34)


def written(options: Options = OPTIONS) -> tuple[dict[str, object], str]:
    names = Names()
    names.call(USER, "user")
    names.call(TENANT.id, "tenant")
    body = as_json(a_report(), TENANT, APP, options, names)
    return body, json.dumps(body, ensure_ascii=False)


def test_verdicts_by_assumption_and_by_check() -> None:
    body, _ = written()
    assert body["assumptions"] == {
        "phone-exists-400": {"verdict": "different", "assumed": "400", "seen": "second: 409 conflict"},
        "any-target": {"verdict": "not tried", "assumed": "201", "seen": "needs --guest"},
        "guest-requirements": {"verdict": "not tried", "assumed": "200, 204", "seen": "needs --guest"},
    }
    assert body["counts"] == {"different": 1, "not tried": 2}
    assert [(item["id"], item["settles"]) for item in body["checks"]] == [  # type: ignore[attr-defined]
        ("phone-second", ["phone-exists-400"]),
        ("guest", ["any-target", "guest-requirements"]),
    ]


def test_what_no_run_can_settle_is_named_with_its_reason() -> None:
    body, _ = written()
    assert body["unchecked"] == {item.id: item.unchecked for item in ASSUMPTIONS if not item.check}


def test_no_id_number_name_or_address_is_in_it() -> None:
    _, text = written()
    for secret in (USER, TENANT.id, MOBILE.national, "Contoso", "contoso.example", "fabrikam", "me.example"):
        assert secret not in text
    assert tenant_hash(TENANT.id) in text
    assert "the user <user>: 403 accessDenied" in text


def test_the_tenant_is_named_on_request_only() -> None:
    body, _ = written(replace(OPTIONS, name_tenant=True))
    assert body["tenant"] == {"hash": tenant_hash(TENANT.id), "id": TENANT.id}


def test_two_runs_in_one_tenant_are_told_to_be_of_one() -> None:
    assert tenant_hash(TENANT.id) == tenant_hash(TENANT.id.upper()) != tenant_hash(USER)


def test_versions_identity_and_options_are_in_it() -> None:
    body, _ = written()
    assert set(body["tool"]) == {"python", "azure-identity", "httpx"}  # type: ignore[call-overload]
    assert (body["identity"], body["permissions"], body["ended"]) == ("application", ["User.Read.All"], "complete")
    assert body["options"] == {
        "credential": "client-secret",
        "only": [],
        "patience": 120.0,
        "guest": True,
        "oath_user": False,
        "restricted_unit": False,
        "notification_url": True,
        "provoke_throttling": False,
        "bare_credential": False,
    }


def test_the_assumptions_of_a_verdict() -> None:
    assert a_report().of(Verdict.DIFFERENT) == ("phone-exists-400",)
    assert a_report(400).of(Verdict.AS_ASSUMED) == ("phone-exists-400",)


def test_an_unreadable_token_is_an_unknown_identity() -> None:
    for token in ("", "a.b", "a.!!!.c", "a.W10.c"):
        assert read_identity(token) == Identity()
    assert Identity().lacks(SECOND.needs) == ()
    assert APP.lacks(SECOND.needs) == ("UserAuthMethod-Phone.ReadWrite.All",)
