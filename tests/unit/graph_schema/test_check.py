"""What the checker finds in requests and answers."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dev.graph_schema.check import Checker, Fault, error_problems
from dev.graph_schema.schema import NotDescribed, Property, Schema, permissions

V1, BETA = Schema.v1(), Schema.beta()
PHONE = {"id": "3179e48a", "phoneNumber": "+31 612345678", "phoneType": "mobile", "smsSignInState": "ready"}
NOTICE = {
    "changeType": "updated",
    "resource": "users/1",
    "subscriptionExpirationDateTime": "2026-12-01T00:00:00.000000+00:00",
    "subscriptionId": "11111111-2222-4333-8444-555555555555",
    "tenantId": "11111111-2222-4333-8444-555555555555",
    "resourceData": {"@odata.type": "#Microsoft.Graph.User", "@odata.id": "users/1", "id": "1"},
}


def faults(type_name: str, value: object, schema: Schema = V1, **options: bool) -> list[tuple[Fault, str]]:
    return [(problem.fault, problem.where) for problem in Checker(schema, **options).problems(type_name, value)]


GOOD: list[tuple[str, Any]] = [
    ("phoneAuthenticationMethod", PHONE),
    ("phoneAuthenticationMethod", {"id": "x", "createdDateTime": "2026-01-01T00:00:00Z", "phoneType": None}),
    ("phoneAuthenticationMethodCollectionResponse", {"@odata.context": "x", "value": [PHONE]}),
    ("authenticationMethod", {"@odata.type": "#microsoft.graph.phoneAuthenticationMethod", **PHONE}),
    ("user", {"id": "x", "businessPhones": ["1"], "onPremisesExtensionAttributes": {"extensionAttribute1": "a"}}),
    ("user", {"@odata.type": "#microsoft.graph.agentUser", "id": "x", "identityParentId": "y"}),
    ("deltaGetResponse", {"@odata.deltaLink": "x", "value": [{"id": "x", "@removed": {"reason": "changed"}}]}),
    ("changeNotificationCollection", {"value": [NOTICE]}),
]


@pytest.mark.parametrize(("type_name", "value"), GOOD)
def test_good_values_have_no_problems(type_name: str, value: Any) -> None:
    assert faults(type_name, value) == []


BAD: list[tuple[str, Any, tuple[Fault, str]]] = [
    ("phoneAuthenticationMethod", {**PHONE, "odata_type": None}, (Fault.UNDECLARED, "odata_type")),
    ("phoneAuthenticationMethod", {**PHONE, "phonetype": "mobile"}, (Fault.UNDECLARED, "phonetype")),
    ("phoneAuthenticationMethod", {**PHONE, "phoneType": "fax"}, (Fault.WORD, "phoneType")),
    ("phoneAuthenticationMethod", {**PHONE, "phoneType": 1}, (Fault.KIND, "phoneType")),
    ("phoneAuthenticationMethod", {**PHONE, "phoneNumber": 31}, (Fault.KIND, "phoneNumber")),
    ("phoneAuthenticationMethod", {**PHONE, "createdDateTime": "yesterday"}, (Fault.KIND, "createdDateTime")),
    ("phoneAuthenticationMethod", {"phoneType": "mobile"}, (Fault.MISSING, "id")),
    ("phoneAuthenticationMethod", {**PHONE, "id": None}, (Fault.MISSING, "id")),
    ("phoneAuthenticationMethod", {**PHONE, "@sim.kind": 1}, (Fault.ANNOTATION, "@sim.kind")),
    ("phoneAuthenticationMethod", {**PHONE, "fax@odata.context": "x"}, (Fault.ANNOTATION, "fax@odata.context")),
    ("phoneAuthenticationMethod", [PHONE], (Fault.KIND, "body")),
    ("authenticationMethod", {"@odata.type": "#microsoft.graph.user", "id": "x"}, (Fault.TYPE, "@odata.type")),
    ("authenticationMethod", {"@odata.type": "#microsoft.graph.fax", "id": "x"}, (Fault.TYPE, "@odata.type")),
    ("userCollectionResponse", {"value": [{"id": "x"}, {"id": "y", "fax": 1}]}, (Fault.UNDECLARED, "value[1].fax")),
    ("userCollectionResponse", {"value": {"id": "x"}}, (Fault.KIND, "value")),
    ("user", {"id": "x", "businessPhones": "1"}, (Fault.KIND, "businessPhones")),
    ("user", {"id": "x", "businessPhones": [1]}, (Fault.KIND, "businessPhones[0]")),
    ("user", {"id": "x", "accountEnabled": "yes"}, (Fault.KIND, "accountEnabled")),
    ("user", {"id": "x", "calendar": {"id": "y"}}, (Fault.TYPE, "calendar")),
    (
        "user",
        {"id": "x", "onPremisesExtensionAttributes": {"extensionAttribute16": "a"}},
        (Fault.UNDECLARED, "onPremisesExtensionAttributes.extensionAttribute16"),
    ),
    ("changeNotification", {**NOTICE, "changeType": "moved"}, (Fault.WORD, "changeType")),
    ("changeNotification", {**NOTICE, "subscriptionId": "x"}, (Fault.KIND, "subscriptionId")),
    (
        "changeNotification",
        {**NOTICE, "resourceData": {"id": "1", "actor": "x"}},
        (Fault.UNDECLARED, "resourceData.actor"),
    ),
    ("batchRequest", {"requests": [{"id": "1", "method": "GET"}]}, (Fault.MISSING, "requests[0].url")),
]


@pytest.mark.parametrize(("type_name", "value", "problem"), BAD)
def test_each_fault_is_found_where_it_is(type_name: str, value: Any, problem: tuple[Fault, str]) -> None:
    assert faults(type_name, value) == [problem]


def test_a_request_needs_no_key_and_may_not_use_what_only_answers_carry() -> None:
    preferences = {"systemPreferredAuthenticationMethod": "push"}
    assert faults("phoneAuthenticationMethod", {"phoneType": "mobile"}, answer=False) == []
    assert faults("signInPreferences", preferences, BETA) == []
    found = faults("signInPreferences", preferences, BETA, answer=False)
    assert found == [(Fault.UNDECLARED, "systemPreferredAuthenticationMethod")]


def test_a_selection_may_leave_the_key_out() -> None:
    assert faults("user", {"mobilePhone": None}, selected=True) == []
    assert faults("user", {"mobilePhone": None}) == [(Fault.MISSING, "id")]


def test_a_problem_never_shows_the_value() -> None:
    number = "+31 612345678"
    found = Checker(V1).problems("phoneAuthenticationMethod", {**PHONE, "phoneType": number, number[1:3]: number})
    assert found
    assert not any(number in str(problem) for problem in found)


ERROR = {"error": {"code": "BadRequest", "message": "No.", "innerError": {"date": "2026-01-01T00:00:00"}}}
BAD_ERRORS: list[Any] = [
    {},
    {"Message": "No HTTP resource was found", "MessageDetail": "…"},
    {"error": {"code": "BadRequest"}},
    {"error": {"code": "", "message": "No."}},
    {"error": {"code": "BadRequest", "message": "No.", "status": 400}},
    {"error": "BadRequest"},
]


def test_an_error_is_the_odata_error_object() -> None:
    assert error_problems(V1, ERROR) == []


@pytest.mark.parametrize("body", BAD_ERRORS)
def test_another_form_of_error_is_a_problem(body: Any) -> None:
    assert error_problems(V1, body)


def test_what_is_not_described_is_an_error_and_not_a_pass() -> None:
    with pytest.raises(NotDescribed):
        Checker(V1).problems("calendar", {})
    with pytest.raises(NotDescribed):
        V1.enum("colour")
    with pytest.raises(NotDescribed):
        permissions("GET", "/me")
    with pytest.raises(ValueError, match="beta"):
        Schema.of("v2.0")
    assert V1.address("/me") is None


def test_addresses_and_permissions_are_found_whatever_the_parameters_are_called() -> None:
    path = "/users/{user}/authentication/phoneMethods/{method}"
    address = V1.address(path)
    assert address is not None
    assert address.bodies["PATCH"] == "phoneAuthenticationMethod"
    assert address.options == {"$expand", "$select"}
    assert permissions("PATCH", path)[0] == {"UserAuthMethod-Phone.ReadWrite.All"}
    assert permissions("GET", "/roleManagement/directory/roleEligibilitySchedules")[0] == {
        "RoleEligibilitySchedule.Read.Directory"
    }
    both = {"User.Read.All", "GroupMember.Read.All"}
    assert permissions("POST", "/users/{user}/checkMemberGroups")[0] == both


SAMPLES: dict[str, st.SearchStrategy[Any]] = {
    "string": st.text(),
    "boolean": st.booleans(),
    "integer": st.integers(),
    "dateTime": st.datetimes().map(lambda moment: moment.isoformat()),
}


def sample(declared: Property) -> st.SearchStrategy[Any] | None:
    """Values of a property; None for kinds without a strategy here."""
    if declared.kind == "enum":
        values: st.SearchStrategy[Any] | None = st.sampled_from(V1.enum(declared.type))
    else:
        values = SAMPLES.get(declared.kind)
    return st.lists(values) if values is not None and declared.many else values


TYPE_NAMES = ("user", "phoneAuthenticationMethod", "subscription", "group", "unifiedRoleAssignment")


@st.composite
def objects(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    name = draw(st.sampled_from(TYPE_NAMES))
    simple = {key: values for key, value in V1.type(name).properties.items() if (values := sample(value)) is not None}
    shown: dict[str, Any] = draw(st.fixed_dictionaries({}, optional=simple))
    return name, {**shown, "id": draw(st.text())}


@given(objects(), st.text())
def test_exactly_what_is_declared_passes(made: tuple[str, dict[str, Any]], name: str) -> None:
    type_name, value = made
    assert faults(type_name, value) == []
    strange = f"x-{name.replace('@', '')}"
    assert faults(type_name, {**value, strange: None}) == [(Fault.UNDECLARED, strange)]
