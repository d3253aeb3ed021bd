"""The addresses and types to describe; everything else about them is Microsoft's."""

from collections.abc import Mapping

_OWN = "/users/{id}/authentication"
_POLICY = "/policies/authenticationMethodsPolicy"

METHOD_COLLECTIONS = (
    "emailMethods",
    "externalAuthenticationMethods",
    "fido2Methods",
    "hardwareOathMethods",
    "microsoftAuthenticatorMethods",
    "platformCredentialMethods",
    "softwareOathMethods",
    "temporaryAccessPassMethods",
    "windowsHelloForBusinessMethods",
)
"""Collections below `authentication/` whose members can be deleted, apart from phoneMethods."""

ADDRESSES: Mapping[str, tuple[str, ...]] = {
    "/groups": ("GET",),
    "/identityGovernance/privilegedAccess/group/eligibilitySchedules": ("GET",),
    _POLICY: ("GET",),
    f"{_POLICY}/authenticationMethodConfigurations/{{id}}": ("GET",),
    "/roleManagement/directory/roleAssignments": ("GET",),
    "/roleManagement/directory/roleEligibilitySchedules": ("GET",),
    "/subscriptions": ("GET", "POST"),
    "/subscriptions/{id}": ("DELETE", "GET", "PATCH"),
    "/subscriptions/{id}/reauthorize": ("POST",),
    "/users": ("GET", "POST"),
    "/users/delta": ("GET",),
    "/users/{id}": ("DELETE", "GET", "PATCH"),
    f"{_OWN}/methods": ("GET",),
    f"{_OWN}/phoneMethods": ("GET", "POST"),
    f"{_OWN}/phoneMethods/{{id}}": ("DELETE", "GET", "PATCH"),
    f"{_OWN}/requirements": ("GET", "PATCH"),
    f"{_OWN}/signInPreferences": ("GET", "PATCH"),
    **{f"{_OWN}/{collection}/{{id}}": ("DELETE",) for collection in METHOD_COLLECTIONS},
    "/users/{id}/checkMemberGroups": ("POST",),
    "/users/{id}/transitiveMemberOf": ("GET",),
}
"""HTTP methods by address below the API version. An address may exist in one version only."""

FAMILIES = ("AuthenticationMethod",)
"""Base types of which every derived type is described."""

TYPES = (
    "AdministrativeUnit",
    "AgentUser",
    "AssignedLicense",
    "Authentication",
    "DirectoryRole",
    "ExcludeTarget",
    "ExpirationPattern",
    "Group",
    "HardwareOathTokenAuthenticationMethodDevice",
    "IncludeTarget",
    "OnPremisesExtensionAttributes",
    "PasswordProfile",
    "RequestSchedule",
    "SmsAuthenticationMethodConfiguration",
    "SmsAuthenticationMethodTarget",
    "SystemCredentialPreferences",
    "ODataErrors.ErrorDetails",
    "ODataErrors.InnerError",
    "ODataErrors.MainError",
    "ODataErrors.ODataError",
)
"""Types that no address names: derived ones, parts of other types, and the error body."""
