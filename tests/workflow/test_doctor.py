"""The doctor's lines: what is missing, what is too much, what is dangerous, and that unknown is never fine."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from shared.doctor import HEALTH_FIXES, WORD_FIXES, Check, Doctor, State, is_fit
from shared.errors import Failure, Permanent, Transient
from shared.health import Health
from shared.models import DefaultMethod, Reason
from shared.permissions import ALL, DEFAULT_METHOD, GROUP_ELIGIBILITY, GROUPS, ROLES, needed
from shared.policy import Mode, Policy
from shared.ports import SUBSCRIPTION, Record, RoleEligibility, SmsPolicy
from shared.subscription_rules import Setback, StalledRenewal
from shared.switches import Switches
from tests.fakes import NOW, FakeClock, FakeControl, FakeParking

APPLY = Policy(mode=Mode.APPLY)
FORBIDDEN = Permanent(Reason.NOT_ALLOWED, "403 accessDenied", "grant it")

ILL = Transient(Reason.GRAPH_UNAVAILABLE, "503")


@dataclass
class FakeTenant:
    roles: frozenset[str] | None = field(default_factory=lambda: frozenset(p.name for p in needed(APPLY)))
    users: Failure | None = None
    eligibility: RoleEligibility | Failure = RoleEligibility.READABLE
    sms: SmsPolicy | Failure = field(default_factory=lambda: SmsPolicy(True, False))

    async def granted(self) -> frozenset[str] | None:
        return self.roles

    async def reads_users(self) -> Failure | None:
        return self.users

    async def role_eligibility(self) -> RoleEligibility | Failure:
        return self.eligibility

    async def sms_policy(self) -> SmsPolicy | Failure:
        return self.sms


async def examine(tenant: FakeTenant, policy: Policy = APPLY, control: FakeControl | None = None) -> dict[str, Check]:
    control, clock = control or FakeControl(), FakeClock()
    health = Health(control, FakeParking(), Switches(control, 10, clock), clock)
    return {check.name: check for check in await Doctor(tenant, health, policy).examine()}


async def test_a_fit_tenant_has_only_fine_lines() -> None:
    checks = await examine(FakeTenant())
    assert {check.state for check in checks.values()} == {State.OK}
    assert is_fit(list(checks.values()))
    assert set(HEALTH_FIXES) | {"mode", "users", "sms policy"} <= set(checks)


async def test_f_a_renewal_that_fails_has_a_line_and_a_fix_of_its_own() -> None:
    stalled = StalledRenewal("x", NOW + timedelta(days=9), NOW, 1, Setback.UNMOVED, "200")
    values = {"id": "x", "expires": stalled.expires.isoformat(), "renewal": stalled.as_values()}
    checks = await examine(FakeTenant(), control=FakeControl({SUBSCRIPTION: Record(values, "1")}))
    fix = WORD_FIXES["subscription", "degraded"]
    assert checks["subscription"] == Check("subscription", State.FAILED, "degraded", fix)
    expired = Record({"id": "x", "expires": NOW.isoformat()}, "1")
    checks = await examine(FakeTenant(), control=FakeControl({SUBSCRIPTION: expired}))
    assert checks["subscription"] == Check("subscription", State.FAILED, "expired", HEALTH_FIXES["subscription"])


REQUIRED = [permission for permission in needed(APPLY) if not permission.unseen]


@pytest.mark.parametrize("permission", REQUIRED, ids=lambda permission: permission.name)
async def test_each_missing_permission_is_a_failure_with_a_fix(permission: object) -> None:
    tenant = FakeTenant()
    tenant.roles = frozenset(p.name for p in needed(APPLY) if p is not permission)
    failed = [check for check in (await examine(tenant)).values() if check.state is State.FAILED]
    assert [check.name for check in failed] == [permission.name]  # type: ignore[attr-defined]
    assert all(check.fix for check in failed)
    assert not is_fit(failed)


async def test_n6_without_the_optional_permission_the_doctor_says_what_is_not_seen() -> None:
    tenant = FakeTenant(frozenset(p.name for p in REQUIRED))
    checks = await examine(tenant)
    check = checks[GROUP_ELIGIBILITY.name]
    assert (check.state, is_fit(list(checks.values()))) == (State.WARNING, True)
    assert "PIM for Groups" in check.told


@pytest.mark.parametrize(
    ("found", "state", "words"),
    [
        pytest.param(RoleEligibility.READABLE, State.OK, "can be read", id="P2"),
        pytest.param(RoleEligibility.NO_LICENCE, State.OK, "no Entra ID P2", id="no P2"),
        pytest.param(FORBIDDEN, State.FAILED, "not permitted", id="no permission"),
        pytest.param(ILL, State.UNKNOWN, "cannot tell", id="cannot tell"),
        pytest.param(Permanent(Reason.GRAPH_REFUSED, "400 x", "-"), State.UNKNOWN, "cannot tell", id="refused"),
    ],
)
async def test_a3_the_doctor_says_which_of_three_it_is(
    found: RoleEligibility | Failure, state: State, words: str
) -> None:
    check = (await examine(FakeTenant(eligibility=found)))["eligible roles"]
    assert check.state is state
    assert words in check.told
    assert (check.fix is None) == (state is State.OK)


async def test_who_excludes_no_administrators_is_not_asked_about_roles() -> None:
    checks = await examine(FakeTenant(eligibility=FORBIDDEN), replace(APPLY, exclude_privileged=False))
    assert "eligible roles" not in checks


async def test_what_no_setting_needs_is_too_much() -> None:
    few = replace(APPLY, exclude_privileged=False, mfa_state=None)
    checks = await examine(FakeTenant(frozenset(p.name for p in ALL)), few)
    for permission in (GROUPS, ROLES, DEFAULT_METHOD):
        assert checks[permission.name].state is State.WARNING


@pytest.mark.parametrize(
    ("tenant", "policy", "name", "state"),
    [
        pytest.param(FakeTenant(None), APPLY, "permissions", State.UNKNOWN, id="a token that tells nothing"),
        pytest.param(FakeTenant(), Policy(), "mode", State.WARNING, id="plan"),
        pytest.param(FakeTenant(users=FORBIDDEN), APPLY, "users", State.FAILED, id="users cannot be read"),
        pytest.param(
            FakeTenant(users=ILL),
            APPLY,
            "users",
            State.FAILED,
            id="Graph is ill",
        ),
        pytest.param(FakeTenant(sms=FORBIDDEN), APPLY, "sms policy", State.UNKNOWN, id="policy cannot be read"),
        pytest.param(FakeTenant(sms=SmsPolicy(False, False)), APPLY, "sms policy", State.FAILED, id="lock-out ahead"),
        pytest.param(
            FakeTenant(sms=SmsPolicy(False, False)),
            replace(APPLY, mfa_state=None),
            "sms policy",
            State.WARNING,
            id="a phone for nothing",
        ),
        pytest.param(FakeTenant(sms=SmsPolicy(True, True)), APPLY, "sms sign-in", State.WARNING, id="first factor"),
        pytest.param(
            FakeTenant(frozenset(p.name for p in ALL)),
            replace(APPLY, default_method=DefaultMethod.SMS),
            "takeover",
            State.WARNING,
            id="two permissions that must not meet",
        ),
    ],
)
async def test_what_is_told_of_what_is_found(tenant: FakeTenant, policy: Policy, name: str, state: State) -> None:
    check = (await examine(tenant, policy))[name]
    assert check.state is state
    assert check.fix
