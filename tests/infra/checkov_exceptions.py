"""What Checkov finds and we leave as it is, with the reason. A test fails for a finding that is not here, and for an
exception that no longer finds anything.

Keyed by the check and by where it finds something: `template` is the template as compiled, with expressions it cannot
evaluate; `public` and `private` are what would be deployed.
"""

EVERYWHERE = frozenset({"template", "public", "private"})
OPEN = frozenset({"template", "public"})

_NOT_FLEX = "a setting of App Service plans; Flex Consumption does not know it"
_PUBLIC_TOPOLOGY = "the public topology: an app on Flex Consumption has no fixed address to let in; see vnetEnabled"
_EXPRESSION = "an expression in the template, which Checkov does not evaluate; right in public and private"

EXCEPTIONS: dict[str, tuple[frozenset[str], str]] = {
    "CKV_AZURE_13": (
        EVERYWHERE,
        "it would shut Graph out of the webhook; operators bring a key",
    ),
    "CKV_AZURE_17": (EVERYWHERE, "Graph brings no client certificate"),
    "CKV_AZURE_35": (OPEN, _PUBLIC_TOPOLOGY),
    "CKV_AZURE_36": (frozenset({"template", "private"}), "no trusted Microsoft service needs to pass the firewall"),
    "CKV_AZURE_41": (EVERYWHERE, "an expired PREFILL_SECRET would stop the service by itself; rotation is a procedure"),
    "CKV_AZURE_43": (frozenset({"template"}), _EXPRESSION),
    "CKV_AZURE_59": (frozenset({"public"}), _PUBLIC_TOPOLOGY),
    "CKV_AZURE_63": (EVERYWHERE, _NOT_FLEX),
    "CKV_AZURE_65": (EVERYWHERE, _NOT_FLEX),
    "CKV_AZURE_66": (EVERYWHERE, _NOT_FLEX),
    "CKV_AZURE_80": (EVERYWHERE, "there is no .NET in it"),
    "CKV_AZURE_88": (EVERYWHERE, _NOT_FLEX),
    "CKV_AZURE_109": (OPEN, _PUBLIC_TOPOLOGY),
    "CKV_AZURE_189": (OPEN, _PUBLIC_TOPOLOGY),
    "CKV_AZURE_206": (
        EVERYWHERE,
        "wants copies in another region; the sweep finds again what tables held",
    ),
    "CKV_AZURE_212": (EVERYWHERE, "Flex Consumption scales by itself; alwaysReadyHttpInstances is what it means"),
    "CKV_AZURE_213": (EVERYWHERE, "Flex Consumption has no health check; GET /api/health and the heartbeat stand in"),
    "CKV_AZURE_222": (EVERYWHERE, "Microsoft Graph delivers to public endpoints only"),
    "CKV_AZURE_225": (OPEN, "a parameter, zoneRedundant: not every region has zones"),
}
