"""`python -m dev.graph_simulator --port 9001`: the simulator as a process of its own."""

import argparse
import asyncio
import contextlib
import logging
import signal
import sys

from aiohttp import web

from dev.graph_simulator.server import create_app
from dev.graph_simulator.tenant import DEFAULT_TENANT_ID, Tenant

HOST = "127.0.0.1"
SHUTDOWN_SECONDS = 1.0


def main() -> int:
    """Serve until SIGTERM or SIGINT; exit code 0."""
    arguments = _arguments()
    if arguments.verbose:
        logging.basicConfig(level=logging.INFO)
    tenant = Tenant(arguments.tenant, arguments.seed, check_answers=arguments.check_answers)
    asyncio.run(_serve(tenant, arguments))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m dev.graph_simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=9001, help="TCP port on 127.0.0.1; 0 picks a free one")
    parser.add_argument("--tenant", default=DEFAULT_TENANT_ID, help="tenant id (GUID)")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything that is left to chance")
    parser.add_argument("--check-answers", action="store_true", help="hold every answer against Microsoft's models")
    parser.add_argument("--verbose", action="store_true", help="log every request")
    parser.add_argument("--stop-with-stdin", action="store_true", help="stop when standard input closes")
    return parser.parse_args()


async def _serve(tenant: Tenant, arguments: argparse.Namespace) -> None:
    access_log = logging.getLogger("aiohttp.access") if arguments.verbose else None
    runner = web.AppRunner(create_app(tenant), access_log=access_log, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    if arguments.stop_with_stdin:
        loop.add_reader(sys.stdin, stop.set)
    try:
        await web.TCPSite(runner, HOST, arguments.port).start()
        host, bound = runner.addresses[0][:2]
        print(f"Ready http://{host}:{bound}", flush=True)
        await stop.wait()
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    raise SystemExit(main())
