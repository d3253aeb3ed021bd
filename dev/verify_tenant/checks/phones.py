"""Phones: bodies, twins, types, absent ones, and deleting."""

from dev.verify_tenant.bench import ALTERNATE_ID, MOBILE_ID, OFFICE_ID, Bench, mobile
from dev.verify_tenant.check import Trace, answers, check, shows
from dev.verify_tenant.exchange import Json
from dev.verify_tenant.numbers import LANDLINE, MOBILE, OTHER_MOBILE
from dev.verify_tenant.permissions import WRITE_PHONES

PHONE_TYPE = "#microsoft.graph.phoneAuthenticationMethod"


@check(
    "phone-bodies",
    "Three bodies of a phone: the documented one, one with an undeclared null, one with @odata.type",
    answers("documented-phone-body-201", "documented", 201),
    answers("undeclared-property-400", "undeclared", 400),
    answers("odata-type-in-method-body-400", "odata-type", 400),
    needs=(WRITE_PHONES,),
)
async def phone_bodies(bench: Bench) -> None:
    """Each is sent to a user without phones."""
    bodies: tuple[tuple[str, Json], ...] = (
        ("undeclared", mobile(MOBILE.spaced) | {"odata_type": None}),
        ("odata-type", mobile(MOBILE.spaced) | {"@odata.type": PHONE_TYPE}),
        ("documented", mobile(MOBILE.spaced)),
    )
    for label, body in bodies:
        await bench.without_phones()
        await bench.ask(label, "POST", bench.phones, body)


def _lists_mobile(trace: Trace) -> bool:
    found = [item for item in trace["list"].values if str(item.get("id", "")).lower() == MOBILE_ID]
    return len(found) == 1 and found[0].get("phoneType") == "mobile"


def _lists_number(trace: Trace) -> bool:
    numbers = [str(item.get("phoneNumber", "")).replace(" ", "") for item in trace["list"].values]
    return numbers == [MOBILE.unspaced]


@check(
    "phone-list",
    "How the list shows a mobile phone",
    shows("phone-type-null", "list", "the fixed id with phoneType mobile", _lists_mobile),
    shows("app-only-unmasked", "list", "the complete number", _lists_number, app_only=True),
    needs=(WRITE_PHONES,),
)
async def phone_list(bench: Bench) -> None:
    """One phone, one read."""
    await bench.with_mobile(MOBILE)
    await bench.ask("list", "GET", bench.phones)


@check(
    "phone-second",
    "A second phone of the same type",
    answers("phone-exists-400", "second", 400),
    needs=(WRITE_PHONES,),
)
async def phone_second(bench: Bench) -> None:
    """A POST beside a registered mobile phone."""
    await bench.with_mobile(MOBILE)
    await bench.ask("second", "POST", bench.phones, mobile(OTHER_MOBILE.spaced))


@check(
    "phone-alternate-first",
    "An alternate mobile phone before a mobile one",
    answers("alternate-without-mobile-400", "alternate", 400),
    needs=(WRITE_PHONES,),
)
async def phone_alternate_first(bench: Bench) -> None:
    """A POST to a user without phones."""
    await bench.without_phones()
    await bench.ask("alternate", "POST", bench.phones, mobile(MOBILE.spaced, "alternateMobile"))


@check(
    "phone-type-change",
    "Another type for a registered phone",
    answers("phone-type-change-400", "change", 400),
    needs=(WRITE_PHONES,),
)
async def phone_type_change(bench: Bench) -> None:
    """A PATCH that would make an office phone of a mobile one."""
    await bench.with_mobile(MOBILE)
    await bench.ask("change", "PATCH", bench.phone(), mobile(MOBILE.spaced, "office"))


@check(
    "phone-absent",
    "Reading, changing and deleting a phone that is not there",
    answers("absent-phone-404", ("read", "change", "delete"), 404),
    needs=(WRITE_PHONES,),
)
async def phone_absent(bench: Bench) -> None:
    """An office phone that was never registered."""
    await bench.without_phones()
    await bench.ask("read", "GET", bench.phone(OFFICE_ID))
    await bench.ask("change", "PATCH", bench.phone(OFFICE_ID), mobile(LANDLINE.spaced, "office"))
    await bench.ask("delete", "DELETE", bench.phone(OFFICE_ID))


@check(
    "phone-delete-beside",
    "Deleting the mobile phone beside an alternate one",
    answers("delete-default-400", "delete", 400),
    needs=(WRITE_PHONES,),
)
async def phone_delete_beside(bench: Bench) -> None:
    """Mobile first, then alternate, then the deletion of the mobile one."""
    await bench.with_mobile(MOBILE)
    await bench.prepare("POST", bench.phones, mobile(OTHER_MOBILE.spaced, "alternateMobile"))
    await bench.until("GET", bench.phone(ALTERNATE_ID), lambda answer: answer.ok)
    await bench.ask("delete", "DELETE", bench.phone(MOBILE_ID))
