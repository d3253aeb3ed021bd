"""Logging: what the platform collects. Floor 6.

Our own lines carry ids, words and counts. Libraries that would log URLs, headers or bodies are kept to warnings. And
whatever is logged all the same, by anyone in this process, loses its phone numbers before a handler sees it.
"""

import functools
import json
import logging
import traceback
from collections.abc import Callable, Coroutine
from typing import Any

from shared.redaction import redact

CHATTY = ("azure", "httpx", "httpcore", "hpack", "msal", "urllib3", "aiohttp")

_ORDINARY = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def quiet_libraries() -> None:
    """Keeps request logging of the SDKs out of Application Insights, which bills by volume and must hold no number."""
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("mfa_prefill").setLevel(logging.INFO)


# --- records ----------------------------------------------------------------------------------------------------------


def redact_logs() -> None:
    """From now on no record of any logger carries a phone number. Doing it again changes nothing.

    Not a filter: those of a logger do not see its children's records, and the handlers are the platform's, which adds
    and replaces them as it likes. The factory makes every record; `extra` is added after it, in Logger.makeRecord.
    """
    if getattr(logging.Logger.makeRecord, "redacts", False) is False:
        logging.setLogRecordFactory(_redacting(logging.getLogRecordFactory(), redact_record))
        logging.Logger.makeRecord = _redacting(logging.Logger.makeRecord, _redact_extra)  # type: ignore[method-assign]


def _redacting(
    make: Callable[..., logging.LogRecord], clean: Callable[[logging.LogRecord], None]
) -> Callable[..., logging.LogRecord]:
    @functools.wraps(make)
    def redacting(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        clean(record)
        return record

    redacting.redacts = True  # type: ignore[attr-defined]
    return redacting


def redact_record(record: logging.LogRecord) -> None:
    """Message, traceback and stack of a record. Its arguments become part of the message: handlers export both."""
    record.msg, record.args = redact(_message(record)), ()
    if record.stack_info:
        record.stack_info = redact(record.stack_info)
    if record.exc_info and record.exc_info[0]:
        _redact_traceback(record)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 (whatever formatting raises: logging itself would print the arguments as they are)
        return f"{record.msg} {_shown(record.args)}"


def _redact_traceback(record: logging.LogRecord) -> None:
    """A handler prints exc_text where there is no exception; where nothing could leak the exception stays."""
    text = "".join(traceback.format_exception(*record.exc_info)).rstrip()  # type: ignore[misc]
    if redact(text) != text:
        record.exc_info, record.exc_text = None, redact(text)


def _redact_extra(record: logging.LogRecord) -> None:
    fields = {name: _harmless(value) for name, value in vars(record).items() if name not in _ORDINARY}
    vars(record).update(fields)
    if "action" in fields:
        # Azure's Python worker sends a record's text and drops `extra`; infra/queries/signals.kql reads this tail.
        # https://github.com/Azure/azure-functions-python-worker/issues/1681
        tail = {"action": fields.pop("action")} | fields
        record.msg, record.args = f"{_message(record)} {json.dumps(tail, default=_shown)}", ()


def _harmless(value: object) -> object:
    """The value itself unless its text could hold a number; then that text without it."""
    if value is None or isinstance(value, bool | float):
        return value
    text = value if isinstance(value, str) else _shown(value)
    cleaned = redact(text)
    return value if cleaned == text else cleaned


def _shown(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 (a library's value that cannot be shown must not break the caller's log line)
        return f"<{type(value).__name__}>"


# --- exceptions -------------------------------------------------------------------------------------------------------


class Redacted(Exception):
    """Stands for an exception that escaped with what could be a phone number: its kind, text and traceback without."""


def without_numbers[**P, T](trigger: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """For every trigger. What escapes one is reported by the worker with its text and its causes, past all logging.

    Nothing is swallowed: an exception goes on as it is, or as Redacted where anything of its traceback could be a
    number. It is raised outside of `except`, so that it does not carry the other one along as its context.
    """

    @functools.wraps(trigger)
    async def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await trigger(*args, **kwargs)
        except Exception as error:
            redacted = _redacted(error)
            if redacted is None:
                raise
        raise redacted

    guarded.guarded = True  # type: ignore[attr-defined]
    return guarded


def _redacted(error: Exception) -> Redacted | None:
    """None where nothing needs hiding."""
    whole = "".join(traceback.format_exception(error))
    if redact(whole) == whole:
        return None
    redacted = Redacted(redact("".join(traceback.format_exception_only(error)).strip()))
    redacted.add_note("in place of:\n" + redact(whole))
    return redacted
