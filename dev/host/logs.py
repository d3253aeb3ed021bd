"""One log handler on standard error, for the host, the worker and the app."""

import logging
import sys
from collections.abc import Mapping
from typing import Any


def configure(*, verbose: bool) -> None:
    """Say little: the host's own events, and warnings of everyone; with `verbose` what Azure would show.

    The root logger is at INFO in either case, as the worker has it in Azure, so that an app that asks whether INFO is
    enabled behaves the same; what is not wanted is dropped at the handler.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S"))
    if not verbose:
        handler.addFilter(_worth_a_line)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("host").setLevel(logging.DEBUG if verbose else logging.INFO)
    for name, logger in logging.root.manager.loggerDict.items():
        if name.partition(".")[0] == "host" and isinstance(logger, logging.Logger):
            logger.__class__ = _HostLogger
    # One line for every storage request; in Azure most of those are made outside the worker.
    logging.getLogger("azure.core.pipeline.policies.http_logging_policy").setLevel(logging.WARNING)


def _worth_a_line(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] == "host"


class _HostLogger(logging.Logger):
    """In Azure the host is another process: what the app does to records (logging.setLogRecordFactory) is not its."""

    def makeRecord(  # noqa: N802 (the library's name)
        self,
        name: str,
        level: int,
        fn: str,
        lno: int,
        msg: object,
        args: Any,
        exc_info: Any,
        func: str | None = None,
        extra: Mapping[str, object] | None = None,  # noqa: ARG002 (the host gives none)
        sinfo: str | None = None,
    ) -> logging.LogRecord:
        return logging.LogRecord(name, level, fn, lno, msg, args, exc_info, func, sinfo)
