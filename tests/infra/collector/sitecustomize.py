"""Python imports this first where its folder is on PYTHONPATH: it writes down every log record of the process.

`text` is what Azure's Python worker sends of a record, the line as its handler formats it; `fields` is what `extra`
held, which the worker does not send. https://github.com/Azure/azure-functions-python-worker/issues/1681
"""

import json
import logging
import os

_ORDINARY = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_forward = logging.Logger.callHandlers


def _collect(logger: logging.Logger, record: logging.LogRecord) -> None:
    fields = {name: value for name, value in vars(record).items() if name not in _ORDINARY}
    line = {"logger": record.name, "text": logging.Formatter().format(record), "fields": fields}
    with open(os.environ["COLLECT_LOGS_IN"], "a", encoding="utf-8") as file:  # noqa: PTH123 (one import fewer)
        file.write(json.dumps(line, default=str) + "\n")
    _forward(logger, record)


if os.environ.get("COLLECT_LOGS_IN"):
    logging.Logger.callHandlers = _collect  # type: ignore[method-assign, assignment]
