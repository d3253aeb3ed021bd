"""What the doctor asks of the tenant itself."""

import base64
import binascii
import json
from http import HTTPStatus

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation

from shared.errors import Failure, GraphFailed, Transient
from shared.graph.answers import body_of
from shared.graph.client import GraphClient, Service
from shared.graph.replies import About
from shared.graph.roles import has_no_licence
from shared.models import Reason
from shared.ports import RoleEligibility, SmsPolicy

ROLE_ELIGIBILITIES = "/roleManagement/directory/roleEligibilitySchedules"
"""https://learn.microsoft.com/graph/api/rbacapplication-list-roleeligibilityschedules"""

NOBODY = "00000000-0000-0000-0000-000000000000"

SMS_CONFIGURATION = "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/sms"


class GraphTenant:
    """The Tenant port."""

    def __init__(self, client: GraphClient, credential: AsyncTokenCredential) -> None:
        self._client = client
        self._credential = credential

    async def granted(self) -> frozenset[str] | None:
        """See the port.

        Microsoft asks clients not to depend on what is inside a token for an API that is not theirs. Nothing here
        does: it only tells an operator what the claim `roles` says, and whatever cannot be read is not known.
        https://learn.microsoft.com/entra/identity-platform/access-tokens
        """
        try:
            token = (await self._credential.get_token(f"{self._client.root}/.default")).token
            claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        except (AzureError, binascii.Error, ValueError, IndexError):
            return None
        roles = claims.get("roles", []) if isinstance(claims, dict) else None
        return frozenset(str(role) for role in roles) if isinstance(roles, list) else None

    async def reads_users(self) -> Failure | None:
        """See the port. Asks for the newest delta link: one request, whatever the tenant's size."""
        answer = await self._client.send(self._get("/users/delta?$deltatoken=latest&$select=id"))
        try:
            body_of(self._client, answer, About.TENANT)
        except GraphFailed as error:
            return error.failure
        return None

    async def role_eligibility(self) -> RoleEligibility | Failure:
        """See the port. Asks about nobody: one request with an empty answer."""
        request = self._get(f"{ROLE_ELIGIBILITIES}?$filter=principalId%20eq%20'{NOBODY}'")
        answer = await self._client.send(request, service=Service.ROLES)
        if has_no_licence(answer):
            return RoleEligibility.NO_LICENCE
        try:
            body_of(self._client, answer, About.TENANT)
        except GraphFailed as error:
            return error.failure
        return RoleEligibility.READABLE

    async def sms_policy(self) -> SmsPolicy | Failure:
        """See the port. https://learn.microsoft.com/graph/api/smsauthenticationmethodconfiguration-get"""
        answer = await self._client.send(self._get(SMS_CONFIGURATION))
        try:
            body = body_of(self._client, answer, About.TENANT)
        except GraphFailed as error:
            return error.failure
        targets = body.get("includeTargets")
        if not isinstance(targets, list):
            return Transient(Reason.GRAPH_UNAVAILABLE, f"{HTTPStatus.OK.value} with an unexpected body")
        usable = any(isinstance(target, dict) and target.get("isUsableForSignIn") is True for target in targets)
        return SmsPolicy(body.get("state") == "enabled", usable)

    def _get(self, path: str) -> RequestInformation:
        request = RequestInformation(Method.GET)
        request.url = f"{self._client.root}/v1.0{path}"
        request.headers.try_add("Accept", "application/json")
        return request
