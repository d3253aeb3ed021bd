"""What the command line takes, checked before anything is sent. No message repeats a value: it may hold a key."""

import re
from urllib.parse import urlsplit

import typer

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

_OBJECT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_USER_PRINCIPAL_NAME = re.compile(r"[^\s/\\?%@<>\"]{1,113}@[A-Za-z0-9.\-]{1,142}")
_RUN_ID = re.compile(r"[0-9a-f]{12}")
_HEADER_VALUE = re.compile(r"[\x21-\x7e]+")


def base_url(text: str | None) -> str | None:
    """The app's address without a trailing slash or /api. A function key must not travel in clear."""
    if not text:
        return None
    try:
        parts = urlsplit(text.strip())
        parts.port  # noqa: B018 (read only to see whether it is a number)
    except ValueError as error:
        raise typer.BadParameter("not an address") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise typer.BadParameter("give the function app's address, such as https://my-app.azurewebsites.net")
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise typer.BadParameter("give the address alone; a key belongs into --key or MFA_PREFILL_KEY")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise typer.BadParameter("http would show the function key to the network; use https")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix('/api')}"


def function_key(text: str | None) -> str | None:
    """The key as it goes into a header; empty is none."""
    stripped = (text or "").strip()
    if stripped and not _HEADER_VALUE.fullmatch(stripped):
        raise typer.BadParameter("a function key has no blanks or special characters")
    return stripped or None


def user(text: str) -> str:
    """An object id or a user principal name."""
    if not (_OBJECT_ID.fullmatch(text) or _USER_PRINCIPAL_NAME.fullmatch(text)):
        raise typer.BadParameter("give an object id or a user principal name")
    return text


def run(text: str) -> str:
    """The id of a run."""
    if not _RUN_ID.fullmatch(text):
        raise typer.BadParameter("give the id of a run, as `backfill plan` told it")
    return text


def object_ids(texts: list[str] | None) -> list[str] | None:
    """Object ids alone: a run is about accounts and not about names."""
    if texts and not all(_OBJECT_ID.fullmatch(text) for text in texts):
        raise typer.BadParameter("give object ids, or none for everybody")
    return texts


def one_object_id(text: str | None) -> str | None:
    """An object id, or nothing."""
    if text and not _OBJECT_ID.fullmatch(text):
        raise typer.BadParameter("give an object id")
    return text
