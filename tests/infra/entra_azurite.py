"""Azurite as the deployed account is: over TLS, with Entra tokens.

Azurite checks audience, issuer and dates of a token and not its signature, and it knows no roles: that the roles
suffice is not shown here.
"""

import ipaddress
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from azure.data.tables.aio import TableServiceClient
from azure.storage.queue.aio import QueueServiceClient
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from dev.azurite.launcher import ACCOUNT, ACCOUNT_KEY, BOOT, SCRIPT, SERVICES, START_SECONDS, STOP_SECONDS, find_node
from dev.host.child import Child

_LISTENING = re.compile(r"Azurite (\w+) service is successfully listening at (https://127\.0\.0\.1:\d+)")


@dataclass(frozen=True, slots=True)
class EntraAzurite:
    """Where the three services answer, and the certificate to trust."""

    urls: dict[str, str]
    certificate: Path

    async def create(self, queues: list[str], tables: list[str]) -> None:
        """What the template creates. With the account's key, which the app is never given."""
        key = {"account_name": ACCOUNT, "account_key": ACCOUNT_KEY}
        trust = {"connection_verify": str(self.certificate)}
        async with QueueServiceClient(self.urls["queue"], credential=key, **trust) as service:
            for name in queues:
                await service.create_queue(name)
        endpoints = ";".join(f"{kind.capitalize()}Endpoint={url}" for kind, url in self.urls.items())
        text = f"DefaultEndpointsProtocol=https;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};{endpoints};"
        async with TableServiceClient.from_connection_string(text, **trust) as service_of_tables:
            for name in tables:
                await service_of_tables.create_table(name)


@asynccontextmanager
async def running_entra_azurite(folder: Path) -> AsyncIterator[EntraAzurite]:
    """For the length of a `with` block, in memory."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    _certify(certificate, key)
    flags = ["--inMemoryPersistence", "--silent", "--skipApiVersionCheck", "--disableTelemetry"]
    flags += ["--oauth", "basic", "--cert", str(certificate), "--key", str(key)]
    for service in SERVICES:
        flags += [f"--{service}Port", "0", f"--{service}KeepAliveTimeout", "60"]
    child = Child([find_node(), "--eval", BOOT, "--", str(SCRIPT), *flags], folder / "azurite.log")
    await child.start(lambda output: len(_LISTENING.findall(output)) == len(SERVICES), START_SECONDS)
    try:
        urls = {name.lower(): f"{url}/{ACCOUNT}" for name, url in _LISTENING.findall(child.output())}
        yield EntraAzurite(urls, certificate)
    finally:
        await child.end(signal.SIGTERM, STOP_SECONDS)


def _certify(certificate: Path, key: Path) -> None:
    """A certificate for this machine's loopback address, for an hour."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    certificate.write_bytes(made.public_bytes(pem))
    private_format = serialization.PrivateFormat.TraditionalOpenSSL
    key.write_bytes(private.private_bytes(pem, private_format, serialization.NoEncryption()))
