"""The application settings: what each accepts, what it refuses and how it says so."""

from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Mistake, SettingsError
from shared.fingerprint import Keys
from shared.models import DefaultMethod, MfaState
from shared.policy import ExistingPhone, Mode, Policy, StrongerMethod
from shared.setting_values import NATIONAL_CLOUDS
from shared.settings import SETTINGS, STORAGE_SETTINGS, Settings, StorageSettings, read_settings, schedule
from tests.builders import PREVIOUS_SECRET, SECRET, TENANT, object_ids

CONNECTION = "DefaultEndpointsProtocol=https;AccountName=prefill;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net"
LEAST = {
    "PREFILL_TENANT_ID": TENANT,
    "PREFILL_SECRET": SECRET,
    "AzureWebJobsStorage": CONNECTION,
    "WEBSITE_HOSTNAME": "prefill.azurewebsites.net",
}
QUEUES, TABLES = "https://prefill.queue.core.windows.net", "https://prefill.table.core.windows.net"
STAFF, BOARD = object_ids(2)


def read(**changes: str) -> Settings:
    return read_settings(LEAST | changes)


def mistakes(environment: dict[str, str]) -> tuple[Mistake, ...]:
    with pytest.raises(SettingsError) as caught:
        read_settings(environment)
    return caught.value.mistakes


def without(*names: str) -> dict[str, str]:
    return {name: value for name, value in LEAST.items() if name not in names}


# --- defaults --------------------------------------------------------------------------------------------------------


def test_the_least_settings_give_the_defaults_of_the_contract() -> None:
    assert read() == Settings(
        policy=Policy(
            mode=Mode.PLAN,
            phone_sources=("mobilePhone",),
            default_region=None,
            allowed_regions=frozenset(),
            existing_phone=ExistingPhone.FOLLOW,
            change_hold=timedelta(hours=24),
            stronger_method=StrongerMethod.SKIP,
            mfa_state=MfaState.ENABLED,
            default_method=None,
            include_groups=frozenset(),
            exclude_groups=frozenset(),
            include_guests=False,
            exclude_privileged=True,
            require_synced=False,
        ),
        keys=Keys(SECRET),
        tenant_id=TENANT,
        graph_url="https://graph.microsoft.com",
        public_url="https://prefill.azurewebsites.net",
        writes_per_hour=2000,
        storage=StorageSettings(CONNECTION),
        client_id=None,
    )


def test_the_defaults_of_the_settings_and_of_the_policy_are_the_same() -> None:
    assert read().policy == Policy()


@pytest.mark.parametrize("blank", ["", "  ", "\t\n"])
def test_a_blank_setting_has_its_default(blank: str) -> None:
    optional = {setting.name: blank for setting in SETTINGS if setting.default is not None}
    assert read(**optional) == read()


def test_where_graph_posts_to() -> None:
    settings = read()
    assert settings.notification_url == "https://prefill.azurewebsites.net/api/notifications"
    assert settings.lifecycle_url == "https://prefill.azurewebsites.net/api/lifecycle"


# --- what each setting accepts ---------------------------------------------------------------------------------------

ACCEPTED: list[tuple[str, str, dict[str, Any]]] = [
    ("PREFILL_MODE", "mode", {"plan": Mode.PLAN, "apply": Mode.APPLY, " Apply ": Mode.APPLY}),
    (
        "PREFILL_PHONE_SOURCES",
        "phone_sources",
        {
            "businessPhones": ("businessPhones",),
            "extensionAttribute1, mobilePhone": ("extensionAttribute1", "mobilePhone"),
            "MOBILEPHONE,extensionattribute15,": ("mobilePhone", "extensionAttribute15"),
            "mobilePhone,mobilePhone": ("mobilePhone",),
        },
    ),
    ("PREFILL_DEFAULT_REGION", "default_region", {"NL": "NL", "nl": "NL"}),
    (
        "PREFILL_ALLOWED_REGIONS",
        "allowed_regions",
        {"NL": frozenset({"NL"}), "nl, BE,": frozenset({"NL", "BE"}), ",": frozenset()},
    ),
    (
        "PREFILL_EXISTING_PHONE",
        "existing_phone",
        {"keep": ExistingPhone.KEEP, "follow": ExistingPhone.FOLLOW, "REPLACE": ExistingPhone.REPLACE},
    ),
    (
        "PREFILL_CHANGE_HOLD",
        "change_hold",
        {
            "0": timedelta(0),
            "0h": timedelta(0),
            "90s": timedelta(seconds=90),
            "5m": timedelta(minutes=5),
            "48h": timedelta(hours=48),
            "7 D": timedelta(days=7),
            "90d": timedelta(days=90),
        },
    ),
    ("PREFILL_STRONGER_METHOD", "stronger_method", {"skip": StrongerMethod.SKIP, "Add": StrongerMethod.ADD}),
    (
        "PREFILL_MFA_STATE",
        "mfa_state",
        {"none": None, "None": None, "enabled": MfaState.ENABLED, "Enforced": MfaState.ENFORCED},
    ),
    (
        "PREFILL_DEFAULT_METHOD",
        "default_method",
        {"none": None, "sms": DefaultMethod.SMS, "voicemobile": DefaultMethod.VOICE_MOBILE},
    ),
    (
        "PREFILL_INCLUDE_GROUPS",
        "include_groups",
        {STAFF: frozenset({STAFF}), f"{STAFF.upper()}, {BOARD},": frozenset({STAFF, BOARD})},
    ),
    ("PREFILL_EXCLUDE_GROUPS", "exclude_groups", {f"{STAFF},{STAFF}": frozenset({STAFF})}),
    ("PREFILL_INCLUDE_GUESTS", "include_guests", {"true": True, "True": True, "false": False}),
    ("PREFILL_EXCLUDE_PRIVILEGED", "exclude_privileged", {"false": False, "FALSE": False, "true": True}),
    ("PREFILL_REQUIRE_SYNCED", "require_synced", {"true": True, "false": False}),
]


@pytest.mark.parametrize(
    ("name", "field", "text", "value"),
    [
        pytest.param(name, field, text, value, id=f"{name}={text}")
        for name, field, values in ACCEPTED
        for text, value in values.items()
    ],
)
def test_what_a_setting_of_the_policy_accepts(name: str, field: str, text: str, value: Any) -> None:
    assert getattr(read(**{name: text}).policy, field) == value


def test_every_field_of_the_policy_can_be_set() -> None:
    assert {field for _, field, _ in ACCEPTED} == {field.name for field in fields(Policy)}


@pytest.mark.parametrize("url", sorted(NATIONAL_CLOUDS))
def test_every_national_cloud_is_a_graph(url: str) -> None:
    assert read(PREFILL_GRAPH_URL=url).graph_url == url


def test_the_national_clouds_are_those_of_the_contract() -> None:
    assert {
        "https://graph.microsoft.com",
        "https://graph.microsoft.us",
        "https://dod-graph.microsoft.us",
        "https://microsoftgraph.chinacloudapi.cn",
    } == NATIONAL_CLOUDS


@pytest.mark.parametrize(
    ("text", "url"),
    [
        pytest.param("https://graph.microsoft.com/", "https://graph.microsoft.com", id="a slash behind"),
        pytest.param("HTTPS://Graph.Microsoft.COM", "https://graph.microsoft.com", id="another case"),
        pytest.param("http://127.0.0.1:9001", "http://127.0.0.1:9001", id="a simulator"),
        pytest.param("http://localhost:9001/", "http://localhost:9001", id="a simulator by name"),
        pytest.param("http://[::1]:9001", "http://[::1]:9001", id="a simulator over IPv6"),
        pytest.param("https://localhost:9001", "https://localhost:9001", id="a simulator over TLS"),
    ],
)
def test_a_graph_url_is_a_root(text: str, url: str) -> None:
    assert read(PREFILL_GRAPH_URL=text).graph_url == url


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        pytest.param({}, "https://prefill.azurewebsites.net", id="the platform's name"),
        pytest.param({"PREFILL_PUBLIC_URL": "https://mfa.example"}, "https://mfa.example", id="the setting wins"),
        pytest.param({"PREFILL_PUBLIC_URL": "https://MFA.example:8443/"}, "https://mfa.example:8443", id="a port"),
        pytest.param({"PREFILL_PUBLIC_URL": "http://127.0.0.1:7071"}, "http://127.0.0.1:7071", id="a local host"),
        pytest.param({"PREFILL_PUBLIC_URL": " "}, "https://prefill.azurewebsites.net", id="blank: the platform's name"),
    ],
)
def test_the_public_url(changes: dict[str, str], url: str) -> None:
    assert read(**changes).public_url == url


def test_a_public_url_is_enough_where_the_platform_has_no_name_for_the_app() -> None:
    settings = read_settings(without("WEBSITE_HOSTNAME") | {"PREFILL_PUBLIC_URL": "https://mfa.example"})
    assert settings.public_url == "https://mfa.example"


@pytest.mark.parametrize(("text", "count"), [("1", 1), ("50000", 50_000), ("007", 7), ("999999999", 999_999_999)])
def test_the_write_budget(text: str, count: int) -> None:
    assert read(PREFILL_WRITES_PER_HOUR=text).writes_per_hour == count


def test_the_secrets() -> None:
    assert read(PREFILL_SECRET_PREVIOUS=PREVIOUS_SECRET).keys == Keys(SECRET, PREVIOUS_SECRET)
    assert read(PREFILL_SECRET="x" * 32).keys == Keys("x" * 32)


def test_the_tenant_is_lowered() -> None:
    assert read(PREFILL_TENANT_ID=TENANT.upper()).tenant_id == TENANT


@pytest.mark.parametrize(("text", "client_id"), [("", None), ("a-client", "a-client")])
def test_the_identity(text: str, client_id: str | None) -> None:
    assert read(AZURE_CLIENT_ID=text).client_id == client_id


# --- storage ---------------------------------------------------------------------------------------------------------

STORAGE = "AzureWebJobsStorage"
STORAGES = [
    pytest.param({STORAGE: CONNECTION}, StorageSettings(CONNECTION), id="a connection string"),
    pytest.param(
        {STORAGE: "UseDevelopmentStorage=true"}, StorageSettings("UseDevelopmentStorage=true"), id="the emulator"
    ),
    pytest.param(
        {STORAGE: CONNECTION, f"{STORAGE}__accountName": "other"},
        StorageSettings(CONNECTION),
        id="a connection string wins",
    ),
    pytest.param(
        {f"{STORAGE}__queueServiceUri": QUEUES, f"{STORAGE}__tableServiceUri": TABLES},
        StorageSettings(None, QUEUES, TABLES),
        id="two endpoints",
    ),
    pytest.param({f"{STORAGE}__accountName": "prefill"}, StorageSettings(None, QUEUES, TABLES), id="an account name"),
    pytest.param(
        {f"{STORAGE}__accountName": "prefill", f"{STORAGE}__queueServiceUri": "https://q.example"},
        StorageSettings(None, "https://q.example", TABLES),
        id="an endpoint wins over the account name",
    ),
    pytest.param(
        {f"{STORAGE}__accountName": "prefill", f"{STORAGE}__tableServiceUri": "https://t.example"},
        StorageSettings(None, QUEUES, "https://t.example"),
        id="so does the other",
    ),
    pytest.param(
        {f"{STORAGE}__accountName": "prefill", "AZURE_CLIENT_ID": "a-client"},
        StorageSettings(None, QUEUES, TABLES, "a-client"),
        id="with the app's identity",
    ),
    pytest.param(
        {f"{STORAGE}__accountName": "prefill", f"{STORAGE}__clientId": "own", "AZURE_CLIENT_ID": "a-client"},
        StorageSettings(None, QUEUES, TABLES, "own"),
        id="with an identity of its own",
    ),
    pytest.param(
        {f"{STORAGE}__queueServiceUri": "http://127.0.0.1:10001/dev", f"{STORAGE}__tableServiceUri": TABLES},
        StorageSettings(None, "http://127.0.0.1:10001/dev", TABLES),
        id="a local emulator's endpoint",
    ),
    pytest.param(
        {f"{STORAGE}__queueServiceUri": f"{QUEUES}/", f"{STORAGE}__tableServiceUri": f"{TABLES}/"},
        StorageSettings(None, QUEUES, TABLES),
        id="a slash behind the endpoints",
    ),
]


@pytest.mark.parametrize(("environment", "storage"), STORAGES)
def test_the_storage_account(environment: dict[str, str], storage: StorageSettings) -> None:
    assert read_settings(without(STORAGE) | environment).storage == storage


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({}, id="nothing"),
        pytest.param({STORAGE: " "}, id="blank"),
        pytest.param({f"{STORAGE}__queueServiceUri": QUEUES}, id="queues, no tables"),
        pytest.param({f"{STORAGE}__tableServiceUri": TABLES}, id="tables, no queues"),
        pytest.param({f"{STORAGE}__blobServiceUri": "https://prefill.blob.core.windows.net"}, id="only blobs"),
        pytest.param({f"{STORAGE}__credential": "managedidentity"}, id="only a credential"),
    ],
)
def test_without_a_storage_account_nothing_goes(environment: dict[str, str]) -> None:
    fix = f"Set it to a connection string, or set {STORAGE}__queueServiceUri and {STORAGE}__tableServiceUri"
    assert mistakes(without(STORAGE) | environment) == (Mistake(STORAGE, "is missing", fix),)


A_STRING = "Set it to a connection string, or leave it out and set the endpoints"
AN_ENDPOINT = "Set it to the https endpoint of the account's service"
SENSELESS_STORAGES = [
    pytest.param(STORAGE, "prefill", A_STRING, id="a connection string that is none"),
    pytest.param(STORAGE, "hunter2hunter2", A_STRING, id="a bare key"),
    pytest.param(STORAGE, "AccountKey=hunter2", A_STRING, id="a connection string without account"),
    pytest.param(f"{STORAGE}__queueServiceUri", "prefill", AN_ENDPOINT, id="no URL"),
    pytest.param(f"{STORAGE}__queueServiceUri", "https://prefill.example?a=b", AN_ENDPOINT, id="a query"),
    pytest.param(f"{STORAGE}__queueServiceUri", "https://prefill.example#top", AN_ENDPOINT, id="a fragment"),
    pytest.param(
        f"{STORAGE}__tableServiceUri", "http://prefill.example", AN_ENDPOINT, id="http: a token would go in the clear"
    ),
]


@pytest.mark.parametrize(("name", "text", "fix"), SENSELESS_STORAGES)
def test_a_senseless_storage_account_is_a_mistake(name: str, text: str, fix: str) -> None:
    endpoints = {f"{STORAGE}__queueServiceUri": QUEUES, f"{STORAGE}__tableServiceUri": TABLES}
    (mistake,) = mistakes(without(STORAGE) | endpoints | {name: text})
    assert (mistake.setting, mistake.fix) == (name, fix)
    assert "hunter2" not in mistake.problem


@pytest.mark.parametrize("name", ["evil.example/", "pre fill", "prefill.evil", "a@b", "xy", "x" * 25])
def test_an_account_name_that_is_none_is_a_mistake(name: str) -> None:
    """Tokens would go to whatever host it makes. It serves queues and tables, and is told once."""
    (mistake,) = mistakes(without(STORAGE) | {f"{STORAGE}__accountName": name})
    assert (mistake.setting, mistake.fix) == (f"{STORAGE}__accountName", "Set it to the storage account's name")


# --- what each setting refuses ---------------------------------------------------------------------------------------

SENSELESS = {
    "PREFILL_MODE": ["go", "plan,apply", "true", "1"],
    "PREFILL_GRAPH_URL": [
        "graph.microsoft.com",
        "http://graph.microsoft.com",
        "https://graph.microsoft.com/v1.0",
        "https://graph.microsoft.com:443",
        "https://graph.microsoft.com.evil.example",
        "https://graph.microsoft.com@evil.example",
        "https://evil.example",
        "https://evil.example?https://graph.microsoft.com",
        "http://10.0.0.1:9001",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.1:port",
        "https://[",
        "ftp://localhost",
        "file:///etc/passwd",
        "//graph.microsoft.com",
        "https://",
    ],
    "PREFILL_PUBLIC_URL": [
        "prefill.example",
        "http://prefill.example",
        "https://prefill.example/api",
        "https://prefill.example/X",
        "https://prefill.example:0",
        "https://prefill.example?code=1",
        "https://prefill.example#top",
        "https://me@prefill.example",
        "https://:word@prefill.example",
        "https://prefill.example:port",
        "https://prefill.example:99999",
        "https://pre fill.example",
        "ftp://127.0.0.1",
        "https://[",
        "https://",
    ],
    "PREFILL_TENANT_ID": ["contoso", "contoso.onmicrosoft.com", "common", TENANT[:-1], f"{TENANT},{TENANT}"],
    "PREFILL_SECRET": ["short", "x" * 31, f"  {'x' * 31}  ", "x" * 40 + "\udcff"],
    "PREFILL_SECRET_PREVIOUS": ["short", "x" * 31],
    "PREFILL_PHONE_SOURCES": [
        "phone",
        ",",
        "mobilePhone;businessPhones",
        "extensionAttribute0",
        "extensionAttribute16",
        "mobilePhone,homePhone",
    ],
    "PREFILL_DEFAULT_REGION": ["Netherlands", "XX", "NLD", "31", "NL,BE", "ß"],
    "PREFILL_ALLOWED_REGIONS": ["NL;BE", "NL,Netherlands", "EU", "*", "ß"],
    "PREFILL_EXISTING_PHONE": ["overwrite", "yes"],
    "PREFILL_CHANGE_HOLD": ["24", "-1h", "1.5h", "a day", "24h30m", "1w", "91d", "9999999h", "\u0662\u0664h", "h"],
    "PREFILL_STRONGER_METHOD": ["replace", "true"],
    "PREFILL_MFA_STATE": ["disabled", "Disabled", "on", "true"],
    "PREFILL_DEFAULT_METHOD": ["voice", "push", "oath"],
    "PREFILL_INCLUDE_GROUPS": ["staff", f"{STAFF};{BOARD}", f"{STAFF},staff"],
    "PREFILL_EXCLUDE_GROUPS": ["break-glass", STAFF[:-1]],
    "PREFILL_INCLUDE_GUESTS": ["yes", "1", "on"],
    "PREFILL_EXCLUDE_PRIVILEGED": ["no", "0", "none"],
    "PREFILL_REQUIRE_SYNCED": ["maybe"],
    "PREFILL_WRITES_PER_HOUR": ["0", "-1", "1.5", "many", "1e3", "1000000000", "\u0665"],
    "PREFILL_SWEEP_SCHEDULE": [
        "* * * * *",
        "0 7 * * * * *",
        "hourly",
        "@hourly",
        "01:00:00",
        "0 7 * * * ?",
        "a b c d e f",
        "0 99 * * * *",
        "99 99 99 99 99 99",
        "0 \u0663 * * * *",
        "0 30-10 * * * *",
        "0 1-0 * * * *",
        "0 */0 * * * *",
        "0 7,99 * * * *",
        "0 7 * * MON JAN",
        "0 7 24 * * *",
        "0 7 * 0 * *",
        "0 7 * 32 * *",
        "0 7 * * 13 *",
        "0 7 * * * 7",
        "0 007 * * * *",
    ],
    "PREFILL_RENEW_SCHEDULE": ["0 37 * * *", "0 37 * * * *; rm", "0 61 * * * *"],
}
FIXES = {
    "PREFILL_MODE": "Set it to plan or apply",
    "PREFILL_GRAPH_URL": "Set it to one of https://dod-graph.microsoft.us, https://graph.microsoft.com, "
    "https://graph.microsoft.us, https://microsoftgraph.chinacloudapi.cn",
    "PREFILL_PUBLIC_URL": "Set it to this app's https URL",
    "PREFILL_TENANT_ID": "Set it to the directory (tenant) id, a GUID",
    "PREFILL_SECRET": "Set it to a random text of at least 32 characters, kept in Key Vault",
    "PREFILL_SECRET_PREVIOUS": "Set it to a random text of at least 32 characters, kept in Key Vault",
    "PREFILL_PHONE_SOURCES": "Set it to mobilePhone, businessPhones, extensionAttribute1 to 15, comma-separated",
    "PREFILL_DEFAULT_REGION": "Set it to an ISO alpha-2 region such as NL",
    "PREFILL_ALLOWED_REGIONS": "Set it to ISO alpha-2 regions, comma-separated",
    "PREFILL_EXISTING_PHONE": "Set it to keep, follow or replace",
    "PREFILL_CHANGE_HOLD": "Set it to 0, or a number with s, m, h or d, such as 24h",
    "PREFILL_STRONGER_METHOD": "Set it to skip or add",
    "PREFILL_MFA_STATE": "Set it to none, enabled or enforced",
    "PREFILL_DEFAULT_METHOD": "Set it to none, sms or voiceMobile",
    "PREFILL_INCLUDE_GROUPS": "Set it to group object ids, comma-separated",
    "PREFILL_EXCLUDE_GROUPS": "Set it to group object ids, comma-separated",
    "PREFILL_INCLUDE_GUESTS": "Set it to true or false",
    "PREFILL_EXCLUDE_PRIVILEGED": "Set it to true or false",
    "PREFILL_REQUIRE_SYNCED": "Set it to true or false",
    "PREFILL_WRITES_PER_HOUR": "Set it to a whole number from 1",
    "PREFILL_SWEEP_SCHEDULE": 'Set it to NCRONTAB with six fields, such as "0 7 * * * *"',
    "PREFILL_RENEW_SCHEDULE": 'Set it to NCRONTAB with six fields, such as "0 7 * * * *"',
}
REFUSED = [pytest.param(name, text, id=f"{name}={text[:32]!a}") for name, texts in SENSELESS.items() for text in texts]


@pytest.mark.parametrize(("name", "text"), REFUSED)
def test_a_senseless_setting_is_a_mistake_with_its_name_and_the_way_to_mend_it(name: str, text: str) -> None:
    (mistake,) = mistakes(LEAST | {name: text})
    assert (mistake.setting, mistake.fix) == (name, FIXES[name])
    assert mistake.problem


def test_every_setting_has_senseless_values_to_refuse() -> None:
    assert set(SENSELESS) == set(FIXES) == {setting.name for setting in SETTINGS}


@pytest.mark.parametrize(
    ("environment", "name", "problem"),
    [
        pytest.param(without("PREFILL_TENANT_ID"), "PREFILL_TENANT_ID", "is missing", id="tenant"),
        pytest.param(LEAST | {"PREFILL_TENANT_ID": " "}, "PREFILL_TENANT_ID", "is missing", id="blank tenant"),
        pytest.param(without("PREFILL_SECRET"), "PREFILL_SECRET", "is missing", id="secret"),
        pytest.param(LEAST | {"PREFILL_SECRET": " " * 40}, "PREFILL_SECRET", "is missing", id="blank secret"),
        pytest.param(
            without("WEBSITE_HOSTNAME"),
            "PREFILL_PUBLIC_URL",
            "is missing and so is WEBSITE_HOSTNAME",
            id="public URL",
        ),
        pytest.param(
            LEAST | {"WEBSITE_HOSTNAME": ""},
            "PREFILL_PUBLIC_URL",
            "is missing and so is WEBSITE_HOSTNAME",
            id="empty host name",
        ),
    ],
)
def test_what_is_required_is_missed_by_name(environment: dict[str, str], name: str, problem: str) -> None:
    assert mistakes(environment) == (Mistake(name, problem, FIXES[name]),)


def test_the_settings_and_their_defaults_are_those_of_the_contract() -> None:
    assert {setting.name: setting.default for setting in SETTINGS} == {
        "PREFILL_MODE": "plan",
        "PREFILL_GRAPH_URL": "https://graph.microsoft.com",
        "PREFILL_PUBLIC_URL": "",
        "PREFILL_TENANT_ID": None,
        "PREFILL_SECRET": None,
        "PREFILL_SECRET_PREVIOUS": "",
        "PREFILL_PHONE_SOURCES": "mobilePhone",
        "PREFILL_DEFAULT_REGION": "",
        "PREFILL_ALLOWED_REGIONS": "",
        "PREFILL_EXISTING_PHONE": "follow",
        "PREFILL_CHANGE_HOLD": "24h",
        "PREFILL_STRONGER_METHOD": "skip",
        "PREFILL_MFA_STATE": "enabled",
        "PREFILL_DEFAULT_METHOD": "none",
        "PREFILL_INCLUDE_GROUPS": "",
        "PREFILL_EXCLUDE_GROUPS": "",
        "PREFILL_INCLUDE_GUESTS": "false",
        "PREFILL_EXCLUDE_PRIVILEGED": "true",
        "PREFILL_REQUIRE_SYNCED": "false",
        "PREFILL_WRITES_PER_HOUR": "2000",
        "PREFILL_SWEEP_SCHEDULE": "0 7 * * * *",
        "PREFILL_RENEW_SCHEDULE": "0 37 * * * *",
    }


def test_the_storage_settings_are_named() -> None:
    assert set(STORAGE_SETTINGS) == {
        f"{STORAGE}__{part}" for part in ("accountName", "queueServiceUri", "tableServiceUri", "credential", "clientId")
    }


# --- all at once, and no secret --------------------------------------------------------------------------------------


def test_all_mistakes_are_reported_together() -> None:
    environment = {name: texts[0] for name, texts in SENSELESS.items()}
    told = mistakes(environment)
    assert {mistake.setting for mistake in told} == {*SENSELESS, STORAGE}
    assert len(told) == len(SENSELESS) + 1


def test_an_empty_environment_misses_what_is_required() -> None:
    names = [mistake.setting for mistake in mistakes({})]
    assert sorted(names) == [STORAGE, "PREFILL_PUBLIC_URL", "PREFILL_SECRET", "PREFILL_TENANT_ID"]


def test_the_error_names_every_mistake_with_its_fix() -> None:
    with pytest.raises(SettingsError) as caught:
        read(PREFILL_MODE="go", PREFILL_CHANGE_HOLD="soon")
    assert str(caught.value).splitlines() == [
        "the application settings need mending:",
        "  PREFILL_MODE: 'go' is not a value it knows. Set it to plan or apply",
        "  PREFILL_CHANGE_HOLD: 'soon' is not a duration. Set it to 0, or a number with s, m, h or d, such as 24h",
    ]


PROBLEMS = [
    ("PREFILL_MODE", "go", "'go' is not a value it knows"),
    ("PREFILL_MFA_STATE", "disabled", "'disabled' would lower a state, which is never done"),
    ("PREFILL_INCLUDE_GUESTS", "yes", "'yes' is neither true nor false"),
    ("PREFILL_WRITES_PER_HOUR", "0", "'0' is not a whole number from 1"),
    ("PREFILL_CHANGE_HOLD", "soon", "'soon' is not a duration"),
    ("PREFILL_CHANGE_HOLD", "91d", "'91d' is longer than 90 days"),
    ("PREFILL_PHONE_SOURCES", "fax, mobilePhone, pager", "fax, pager is not a source it knows"),
    ("PREFILL_PHONE_SOURCES", ",", "nothing is not a source it knows"),
    ("PREFILL_ALLOWED_REGIONS", "XX, NL, EU", "XX, EU is not a region with phone numbers"),
    ("PREFILL_DEFAULT_REGION", "NL,BE", "names more than one region"),
    ("PREFILL_TENANT_ID", "contoso", "'contoso' is not a GUID"),
    ("PREFILL_SECRET", "short", "has 5 characters"),
    ("PREFILL_SECRET", "x" * 40 + "\udcff", "is not text"),
    ("PREFILL_PUBLIC_URL", "mfa.example", "'mfa.example' is not a URL"),
    ("PREFILL_PUBLIC_URL", "http://mfa.example", "'http://mfa.example' is not https"),
    ("PREFILL_PUBLIC_URL", "https://mfa.example/a", "'https://mfa.example/a' is not a root URL"),
    (
        "PREFILL_GRAPH_URL",
        "https://mfa.example",
        "'https://mfa.example' is not a Microsoft Graph that is known; tokens would go there",
    ),
    ("PREFILL_SWEEP_SCHEDULE", "hourly", "'hourly' is not NCRONTAB"),
    (STORAGE, "prefill", "is not a connection string"),
    (f"{STORAGE}__queueServiceUri", "https://q.example?sig=1", "'https://q.example?sig=1' is not an endpoint"),
]


@pytest.mark.parametrize(("name", "text", "problem"), PROBLEMS)
def test_a_mistake_says_what_is_wrong(name: str, text: str, problem: str) -> None:
    endpoints = {f"{STORAGE}__accountName": "prefill"} if name.startswith(f"{STORAGE}__") else {STORAGE: CONNECTION}
    (mistake,) = mistakes(without(STORAGE) | endpoints | {name: text})
    assert (mistake.setting, mistake.problem) == (name, problem)


def test_no_secret_is_in_the_settings_text() -> None:
    shown = repr(read(PREFILL_SECRET_PREVIOUS=PREVIOUS_SECRET))
    assert TENANT in shown
    assert not any(secret in shown for secret in (SECRET, PREVIOUS_SECRET, CONNECTION, "c2VjcmV0"))


def test_a_key_vault_reference_that_was_not_resolved_is_no_secret() -> None:
    reference = "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/prefill-secret)"
    (mistake,) = mistakes(LEAST | {"PREFILL_SECRET": reference})
    assert (mistake.setting, "could not resolve" in mistake.problem) == ("PREFILL_SECRET", True)


@pytest.mark.parametrize("name", ["PREFILL_SECRET", "PREFILL_SECRET_PREVIOUS"])
def test_no_secret_is_in_the_error(name: str) -> None:
    short = "hunter2-hunter2"
    with pytest.raises(SettingsError) as caught:
        read(**{name: short, "PREFILL_MODE": "go"})
    told = f"{caught.value} {caught.value!r} {caught.value.mistakes}"
    assert short not in told
    assert SECRET not in told
    assert "c2VjcmV0" not in told
    assert f"{name}: has 15 characters" in told


NAMES = st.sampled_from([*(setting.name for setting in SETTINGS), *STORAGE_SETTINGS, STORAGE, "WEBSITE_HOSTNAME"])
TEXTS = st.text(max_size=20) | st.text(st.sampled_from("0123456789*-/,: hdNLps.[]@"), max_size=20)


def wrong_settings(environment: dict[str, str]) -> set[str]:
    try:
        read_settings(environment)
    except SettingsError as error:
        return {mistake.setting for mistake in error.mistakes}
    return set()


@given(st.dictionaries(NAMES, TEXTS, max_size=4))
def test_any_environment_is_read_or_refused_by_name(environment: dict[str, str]) -> None:
    known = {*(setting.name for setting in SETTINGS), *STORAGE_SETTINGS, STORAGE}
    assert wrong_settings(LEAST | environment) <= known


# --- schedules -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "used"),
    [
        pytest.param("0 */5 * * * *", "0 */5 * * * *", id="every five minutes"),
        pytest.param("  0   30  9-17 * * MON-FRI ", "0 30 9-17 * * MON-FRI", id="by name, blanks collapsed"),
        pytest.param("0 0 0 1,15 JAN *", "0 0 0 1,15 JAN *", id="twice in January"),
        pytest.param("", "0 7 * * * *", id="empty: the default"),
        pytest.param("  ", "0 7 * * * *", id="blank: the default"),
        *(pytest.param(text, "0 7 * * * *", id=f"{text}: the default") for text in SENSELESS["PREFILL_SWEEP_SCHEDULE"]),
    ],
)
def test_a_timer_always_has_a_schedule(text: str, used: str) -> None:
    assert schedule({"PREFILL_SWEEP_SCHEDULE": text}, "PREFILL_SWEEP_SCHEDULE") == used


@pytest.mark.parametrize(
    ("name", "used"), [("PREFILL_SWEEP_SCHEDULE", "0 7 * * * *"), ("PREFILL_RENEW_SCHEDULE", "0 37 * * * *")]
)
def test_without_a_setting_a_timer_has_its_default(name: str, used: str) -> None:
    assert schedule({}, name) == used


@pytest.mark.parametrize(
    "text",
    [
        "0 */5 * * * *",
        "0 30 9-17 * * MON-FRI",
        "*/30 0-59/2 */1 * * *",
        "0 5-5 0 1 1 0",
        "59 59 23 31 12 6",
        "0 0 0 1,31 JAN,FEB,MAR,APR,MAY,JUN,JUL,AUG,SEP,OCT,NOV,DEC *",
        "0 0 0 * jan-Dec SUN,MON,TUE,WED,THU,FRI,SAT",
        "0 0 0 * MAR-10 0-SAT",
    ],
)
def test_a_good_schedule_is_no_mistake(text: str) -> None:
    assert read(PREFILL_SWEEP_SCHEDULE=text, PREFILL_RENEW_SCHEDULE=text) == read()
