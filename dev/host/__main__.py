"""Run the function app in the current folder.

    python -m dev.host --port 7071

Settings come from the environment, and below it from local.settings.json. `Ready` on standard output means that it
serves; SIGTERM or SIGINT drains and exits 0. Exit codes: 1 the app or its settings cannot be used, 70 a function ran
into functionTimeout.
"""

import argparse
import asyncio
import os
import signal
import sys
import traceback
from pathlib import Path

from dev.host import logs
from dev.host.bindings import Function, HttpTrigger, QueueTrigger
from dev.host.errors import HostError, IndexingError
from dev.host.host import Host, Options
from dev.host.message_lease import RECEIVE_VISIBILITY_SECONDS


def main() -> int:
    arguments = _parse()
    logs.configure(verbose=arguments.verbose)
    folder = Path.cwd()
    # The worker imports function_app by name; Azure has the app's folder in front as well.
    sys.path.insert(0, str(folder))
    options = Options(folder, arguments.state, arguments.port, arguments.key, arguments.receive_visibility)
    # Not asyncio.run: that would cancel functions which are still running, and the real host just drops them.
    return asyncio.Runner().run(_run(options, stop_with_stdin=arguments.stop_with_stdin))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m dev.host", description="Run the function app in this folder.")
    parser.add_argument("--port", type=int, default=7071, help="port on 127.0.0.1, 0 for a free one (7071)")
    parser.add_argument("--key", default="local-function-key", help="the function, host and master key")
    parser.add_argument("--state", type=Path, default=Path(".local/host"), help="where timers keep their status")
    parser.add_argument("--verbose", action="store_true", help="every invocation, and the app's INFO logs")
    parser.add_argument(
        "--receive-visibility",
        type=int,
        default=RECEIVE_VISIBILITY_SECONDS,
        metavar="SECONDS",
        help="how long a received message stays invisible; 600 in Azure, shorter only to test crashes",
    )
    parser.add_argument("--stop-with-stdin", action="store_true", help="drain when standard input closes")
    return parser.parse_args()


async def _run(options: Options, *, stop_with_stdin: bool) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if stop_with_stdin:
        loop.add_reader(sys.stdin, stop.set)
    try:
        host = Host(options)
        await host.start()
    except HostError as error:
        _complain(error)
        return 1
    _announce(host, options.key)
    await host.run_until(stop)
    loop.remove_reader(sys.stdin)
    await host.drain()
    return 0


def _announce(host: Host, key: str) -> None:
    url = f"http://127.0.0.1:{host.port}"
    print("Functions:")
    for function in sorted(host.functions, key=lambda each: each.name):
        print(f"  {function.name}: {_describe(function, url)}")
    print(f"Function key: {key}")
    print(f"Listening on: {url}")
    print("Ready", flush=True)


def _describe(function: Function, url: str) -> str:
    match function.trigger:
        case HttpTrigger() as trigger:
            methods = ",".join(sorted(trigger.methods)) if trigger.methods else "*"
            return f"[{methods}] {url}/{trigger.route.text} ({trigger.auth_level})"
        case QueueTrigger() as trigger:
            return f"queue {trigger.queue}"
        case trigger:
            return f"timer {trigger.schedule.text}"


def _complain(error: HostError) -> None:
    if isinstance(error, IndexingError) and error.stack_trace:
        print(error.stack_trace.rstrip(), file=sys.stderr)
    print(f"The host cannot start: {error}", file=sys.stderr)


if __name__ == "__main__":
    try:
        code = main()
    except Exception:  # noqa: BLE001 - a fault of ours: shown, and then out by the same door
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    # As in Azure the worker is not wound down: threads and open clients of the app just end here.
    os._exit(code)
