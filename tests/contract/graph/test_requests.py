"""What leaves the app is what Graph accepts: each request against Microsoft's generated models, and byte by byte.

After a wanted change: `.venv/bin/python -m tests.contract.graph.test_requests` writes the golden files anew.
"""

import asyncio
import json
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from shared.graph.batch import MOST_PARTS
from tests.contract.graph.generated import NotInTheMetadata, operation
from tests.contract.graph.recording import ACTIONS, Sent, record_all

GOLDEN = Path(__file__).parent / "golden"
NOT_GENERATED = {"$deltatoken", "$skiptoken"}
"""Tokens are opaque parts of links; the first is documented: https://learn.microsoft.com/graph/delta-query-overview"""


@pytest.fixture(scope="module")
def recorded() -> dict[str, list[Sent]]:
    return asyncio.run(record_all())


def plain(sent: Sent) -> str:
    """The path as the builders have it: `/users('x')` is another spelling of `/users/x`."""
    return sent.url.replace("('", "/", 1).replace("')", "", 1) if sent.url.startswith("/users('") else sent.url


def complaints(sent: Sent) -> list[str]:
    """What Microsoft's metadata does not know of this request."""
    try:
        known = operation(sent.version, sent.method, plain(sent))
    except NotInTheMetadata as error:
        return [f"no such operation: {error}"]
    query = dict(parse_qsl(urlsplit(sent.url).query, keep_blank_values=True))
    found = [f"option {name}" for name in query if name not in NOT_GENERATED and name.strip("$") not in known.options]
    found += [
        f"$select={name}" for name in query.get("$select", "id").split(",") if name not in known.selectable | {"id"}
    ]
    body = json.loads(sent.body) if sent.body else {}
    if not isinstance(body, dict):
        return [*found, "a body that is no object"]
    return found + [f"property {name}" for name in body if name not in (known.body or frozenset())]


def all_of(recorded: dict[str, list[Sent]]) -> list[Sent]:
    return [inner for sent in recorded.values() for outer in sent for inner in outer.inner]


def test_a1_every_request_is_one_that_the_metadata_knows(recorded: dict[str, list[Sent]]) -> None:
    requests = all_of(recorded)
    assert {f"{sent.version} {sent.method} {sent.url}": complaints(sent) for sent in requests if complaints(sent)} == {}
    assert len(requests) > 60


def test_the_gate_sees_what_graph_would_refuse() -> None:
    phone = "/users/x/authentication/phoneMethods"
    bad = {
        "undeclared property": Sent("v1.0", "POST", phone, b'{"odata_type":null,"phoneNumber":"+1 2"}', {}),
        "another version": Sent("v1.0", "PATCH", "/users/x/authentication/requirements", b"{}", {}),
        "unknown name": Sent("v1.0", "GET", "/users/x?$select=id,mobile", b"", {}),
        "unknown option": Sent("v1.0", "GET", "/users/x?$top=1", b"", {}),
        "unknown address": Sent("v1.0", "GET", "/users/x/authentication/phones", b"", {}),
        "wrong method": Sent("v1.0", "PUT", phone, b"", {}),
        "beta's property": Sent("v1.0", "GET", "/users/x?$select=perUserMfaState", b"", {}),
    }
    assert [name for name, sent in bad.items() if not complaints(sent)] == []


def test_a_batch_is_one_that_graph_takes(recorded: dict[str, list[Sent]]) -> None:
    """https://learn.microsoft.com/graph/json-batching"""
    batches = [sent for requests in recorded.values() for sent in requests if sent.url.endswith("/$batch")]
    for batch in batches:
        requests = json.loads(batch.body)["requests"]
        assert set(json.loads(batch.body)) == {"requests"}
        assert len(requests) <= MOST_PARTS
        assert len({item["id"] for item in requests}) == len(requests)
        for item in requests:
            assert set(item) <= {"id", "method", "url", "headers", "body"}
            assert item["url"].startswith("/")
            assert item["method"] != "GET" or "body" not in item
            assert "body" not in item or item["headers"] == {"Content-Type": "application/json"}


def test_n9_the_priority_of_background_work_is_said_of_the_batch_and_of_none_of_its_parts(
    recorded: dict[str, list[Sent]],
) -> None:
    """Whether Graph wants it inside each part as well is not documented."""
    background = [sent for sent in recorded["look-in-background-with-the-roles-of-the-tenant"] if "batch" in sent.url]
    about_users = [sent for sent in background if b"/users/" in sent.body]
    assert [sent.headers.get("x-ms-throttle-priority") for sent in about_users] == ["Low"] * len(about_users) != []
    assert {name.lower() for sent in background for part in sent.inner for name in part.headers} <= {"content-type"}


@pytest.mark.parametrize("name", ACTIONS)
def test_the_body_of_a_write_is_exact(recorded: dict[str, list[Sent]], name: str) -> None:
    [sent] = [inner for outer in recorded[name] for inner in outer.inner]
    assert sent.body == (GOLDEN / f"{name}.json").read_bytes()


def test_a1_the_phone_write_is_two_properties_and_nothing_else(recorded: dict[str, list[Sent]]) -> None:
    for name in ("add-phone", "update-phone"):
        [sent] = [inner for outer in recorded[name] for inner in outer.inner]
        assert sent.body == b'{"phoneNumber":"+49 1713920001","phoneType":"mobile"}'


def written(requests: list[Sent]) -> str:
    """In the order of their addresses: batches go side by side."""
    ordered = sorted(requests, key=lambda sent: (sent.version, sent.url, sent.method, sent.body))
    blocks = [
        f"{sent.method} /{sent.version}{sent.url}\n"
        + "".join(f"{name}: {value}\n" for name, value in sorted(sent.headers.items()))
        + (f"\n{sent.body.decode()}\n" if sent.body else "")
        for sent in ordered
    ]
    return "\n".join(blocks)


def test_every_request_is_byte_by_byte_what_it_was(recorded: dict[str, list[Sent]]) -> None:
    assert set(recorded) == {path.stem for path in GOLDEN.glob("*.http")}
    for name, requests in recorded.items():
        assert written(requests) == (GOLDEN / f"{name}.http").read_text(), name


if __name__ == "__main__":
    for old in GOLDEN.glob("*"):
        old.unlink()
    for scenario, requests in asyncio.run(record_all()).items():
        (GOLDEN / f"{scenario}.http").write_text(written(requests))
        if scenario in ACTIONS:
            (GOLDEN / f"{scenario}.json").write_bytes(requests[0].inner[0].body)
