"""msgraph-sdk performs every v1.0 call that the app makes, and understands every answer."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from msgraph.generated.identity_governance.privileged_access.group.eligibility_schedules import (
    eligibility_schedules_request_builder as eligible_groups,
)
from msgraph.generated.models.agent_user import AgentUser
from msgraph.generated.models.authentication_phone_type import AuthenticationPhoneType
from msgraph.generated.models.directory_role import DirectoryRole
from msgraph.generated.models.group import Group
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.phone_authentication_method import PhoneAuthenticationMethod
from msgraph.generated.models.privileged_access_group_relationships import PrivilegedAccessGroupRelationships
from msgraph.generated.models.sms_authentication_method_configuration import SmsAuthenticationMethodConfiguration
from msgraph.generated.models.subscription import Subscription
from msgraph.generated.models.user import User
from msgraph.generated.users.item.check_member_groups.check_member_groups_post_request_body import (
    CheckMemberGroupsPostRequestBody,
)
from msgraph.generated.users.item.transitive_member_of import transitive_member_of_request_builder as member_of
from msgraph.generated.users.users_request_builder import UsersRequestBuilder

from dev.graph_simulator.methods import KINDS
from tests.contract.foreign_clients.conftest import Foreign
from tests.contract.foreign_clients.leftovers import leftovers
from tests.contract.graph_simulator.client import MOBILE_ID, NUMBER, OTHER_NUMBER, Webhook
from tests.contract.graph_simulator.conftest import hook

__all__ = ["hook"]  # the webhook's fixture

GROUP, PARENT = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "ab")
SELECTED = ["id", "accountEnabled", "mobilePhone", "businessPhones", "isManagementRestricted", "createdDateTime"]


def asked(query: object) -> RequestConfiguration[Any]:
    return RequestConfiguration(query_parameters=query)


async def test_users_are_read_listed_and_followed_page_by_page(foreign: Foreign) -> None:
    users = [await foreign.graph.user(mobilePhone=NUMBER, businessPhones=["1"]) for _ in range(3)]
    builder = foreign.v1.users
    query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(select=SELECTED, top=2)
    first = await builder.get(asked(query))
    assert first
    assert first.odata_next_link
    second = await builder.with_url(first.odata_next_link).get()
    assert second
    one = await builder.by_user_id(users[0]).get()
    assert [user.id for user in [*(first.value or []), *(second.value or [])]] == users
    assert one
    assert (one.mobile_phone, one.business_phones) == (NUMBER, ["1"])
    assert leftovers([first, second, one]) == []


async def test_delta_is_followed_in_the_clients_own_spelling(foreign: Foreign) -> None:
    await foreign.graph.sim("PATCH", "faults", {"delta_page_size": 1})
    users = [await foreign.graph.user() for _ in range(2)]
    agent = await foreign.graph.user(identityParentId="11111111-2222-4333-8444-555555555555")
    await foreign.graph.sim("DELETE", f"users/{users[1]}")
    builder = foreign.v1.users.delta
    assert "delta()" in builder.to_get_request_information().url
    page, seen = await builder.get(), list[User]()
    while page:
        assert leftovers(page) == []
        seen += page.value or []
        link = page.odata_next_link
        page = await builder.with_url(link).get() if link else None
    assert {user.id for user in seen} == {*users, agent}
    removed = [user.id for user in seen if "@removed" in user.additional_data]
    assert (removed, [user.id for user in seen if isinstance(user, AgentUser)]) == ([users[1]], [agent])


async def send_phone(foreign: Foreign, method: Method, url: str, number: str) -> PhoneAuthenticationMethod | None:
    request = RequestInformation(method)
    request.url = url
    body = json.dumps({"phoneNumber": number, "phoneType": "mobile"}).encode()
    request.set_stream_content(body, "application/json")
    errors: dict[str, Any] = {"XXX": ODataError}
    return await foreign.v1.request_adapter.send_async(request, PhoneAuthenticationMethod, errors)


async def test_phones_are_written_with_a_hand_made_body_and_read_back(foreign: Foreign) -> None:
    user = await foreign.graph.user()
    phones = foreign.v1.users.by_user_id(user).authentication.phone_methods
    address = f"{foreign.graph.url}/v1.0/users/{user}/authentication/phoneMethods"
    made = await send_phone(foreign, Method.POST, address, NUMBER)
    changed = await send_phone(foreign, Method.PATCH, f"{address}/{MOBILE_ID}", OTHER_NUMBER)
    listed, one = await phones.get(), await phones.by_phone_authentication_method_id(MOBILE_ID).get()
    assert made
    assert (made.id, made.phone_number, made.phone_type) == (MOBILE_ID, NUMBER, AuthenticationPhoneType.Mobile)
    assert (changed, one and one.phone_number) == (None, OTHER_NUMBER)
    assert leftovers([made, listed, one]) == []
    await phones.by_phone_authentication_method_id(MOBILE_ID).delete()
    after = await phones.get()
    assert after
    assert after.value == []


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({}, "badRequest", "Unable to parse request body as an authentication method."),
        ({"odata_type": None}, "RequestBodyRead", "The property 'odata_type' does not exist on type "),
    ],
)
async def test_a1_the_typed_phone_body_is_refused(
    foreign: Foreign, change: dict[str, Any], code: str, message: str
) -> None:
    """With its default annotation, and with that set to None, which the SDK writes as a property named odata_type."""
    new, old = await foreign.graph.user(), await foreign.graph.user(authentication={"mobile": OTHER_NUMBER})
    create = foreign.v1.users.by_user_id(new).authentication.phone_methods
    update = foreign.v1.users.by_user_id(old).authentication.phone_methods.by_phone_authentication_method_id(MOBILE_ID)
    for write in (create.post, update.patch):
        body = PhoneAuthenticationMethod(phone_number=NUMBER, phone_type=AuthenticationPhoneType.Mobile, **change)
        with pytest.raises(ODataError) as caught:
            await write(body)
        assert caught.value.response_status_code == 400
        assert caught.value.error
        assert caught.value.error.code == code
        assert str(caught.value.error.message).startswith(message)
    assert await foreign.graph.phones(new) == []


async def test_every_method_becomes_its_own_type(foreign: Foreign) -> None:
    user = await foreign.graph.user(authentication={"mobile": NUMBER, "methods": list(KINDS)})
    answer = await foreign.v1.users.by_user_id(user).authentication.methods.get()
    assert answer
    names = {type(method).__name__ for method in answer.value or []}
    assert len(names) == 2 + len(KINDS) - 1  # password, phone, and all but the hardware token
    assert not names & {"AuthenticationMethod", "HardwareOathAuthenticationMethod"}
    assert leftovers(answer) == []


async def test_memberships_groups_and_checks(foreign: Foreign) -> None:
    facts = {"groupParents": {GROUP: [PARENT]}, "roleAssignableGroups": [PARENT]}
    await foreign.graph.sim("PUT", "tenant", facts)
    user = await foreign.graph.user(groups=[GROUP], roles=["r1"])
    builder = foreign.v1.users.by_user_id(user)
    check = await builder.check_member_groups.post(CheckMemberGroupsPostRequestBody(group_ids=[PARENT]))
    query = member_of.TransitiveMemberOfRequestBuilder.TransitiveMemberOfRequestBuilderGetQueryParameters(
        select=["id", "securityEnabled", "isAssignableToRole"], top=999
    )
    members = await builder.transitive_member_of.get(asked(query))
    groups = await foreign.v1.groups.get()
    assert check
    assert members
    assert check.value == [PARENT]
    assert [type(item) for item in members.value or []] == [Group, Group, DirectoryRole]
    assert all(item.id for item in members.value or [])
    assert groups
    assert {group.id: group.is_assignable_to_role for group in groups.value or []} == {GROUP: None, PARENT: True}
    assert leftovers([check, members, groups]) == []


async def test_roles_and_eligibilities(foreign: Foreign) -> None:
    user = await foreign.graph.user(roles=["r1"], eligibleRoles=["r2"], eligibleGroups={GROUP: "owner"})
    directory = foreign.v1.role_management.directory
    held, offered = await directory.role_assignments.get(), await directory.role_eligibility_schedules.get()
    query = eligible_groups.EligibilitySchedulesRequestBuilder.EligibilitySchedulesRequestBuilderGetQueryParameters(
        filter=f"principalId eq '{user}'"
    )
    groups = await foreign.v1.identity_governance.privileged_access.group.eligibility_schedules.get(asked(query))
    assert held
    assert offered
    assert groups
    [role], [eligible], [membership] = held.value or [], offered.value or [], groups.value or []
    assert (role.role_definition_id, eligible.role_definition_id) == ("r1", "r2")
    assert (role.principal_id, eligible.principal_id, membership.principal_id) == (user, user, user)
    assert (membership.group_id, membership.access_id) == (GROUP, PrivilegedAccessGroupRelationships.Owner)
    assert leftovers([held, offered, groups]) == []


async def test_the_sms_policy(foreign: Foreign) -> None:
    policy = await foreign.v1.policies.authentication_methods_policy.get()
    configurations = foreign.v1.policies.authentication_methods_policy.authentication_method_configurations
    sms = await configurations.by_authentication_method_configuration_id("sms").get()
    assert isinstance(sms, SmsAuthenticationMethodConfiguration)
    assert [target.is_usable_for_sign_in for target in sms.include_targets or []] == [False]
    assert leftovers([policy, sms]) == []


async def test_a_subscription_through_its_whole_life(foreign: Foreign, hook: Webhook) -> None:
    builder, end = foreign.v1.subscriptions, datetime.now(UTC) + timedelta(days=1)
    wanted = Subscription(
        change_type="updated", notification_url=hook.url, resource="users", expiration_date_time=end, client_state="s"
    )
    made = await builder.post(wanted)
    assert made
    assert made.id
    one = builder.by_subscription_id(made.id)
    later = end + timedelta(days=1)
    renewed = await one.patch(Subscription(expiration_date_time=later))
    listed, shown = await builder.get(), await one.get()
    assert renewed
    assert renewed.expiration_date_time == later.replace(microsecond=0)
    assert leftovers([made, renewed, listed, shown]) == []
    await one.reauthorize.post()
    await one.delete()
    empty = await builder.get()
    assert empty
    assert empty.value == []


async def test_users_are_made_changed_and_deleted(foreign: Foreign) -> None:
    made = await foreign.v1.users.post(User(user_principal_name="new@contoso.example", account_enabled=True))
    assert made
    assert made.id
    builder = foreign.v1.users.by_user_id(made.id)
    await builder.patch(User(mobile_phone=NUMBER))
    shown = await builder.get()
    assert shown
    assert shown.mobile_phone == NUMBER
    assert leftovers([made, shown]) == []
    await builder.delete()


async def test_a_batch_of_the_clients_own_requests(foreign: Foreign) -> None:
    """The SDK's batch client needs a package it does not declare, so the envelope is made here."""
    user = await foreign.graph.user(authentication={"mobile": NUMBER})
    builder = foreign.v1.users.by_user_id(user)
    requests = [
        builder.to_get_request_information(),
        builder.authentication.phone_methods.to_get_request_information(),
        builder.transitive_member_of.to_get_request_information(),
        foreign.v1.users.delta.to_get_request_information(),
    ]
    root = f"{foreign.graph.url}/v1.0"
    for request in requests:
        request.path_parameters["baseurl"] = root
    parts = [
        {"id": str(number), "method": "GET", "url": request.url.removeprefix(root)}
        for number, request in enumerate(requests)
    ]
    answer = await foreign.graph.batch(*parts)
    assert [item["status"] for item in answer.body["responses"]] == [200] * 4
