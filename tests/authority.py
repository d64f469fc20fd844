"""A certificate authority of one's own, and a relay that speaks TLS in front of a plain server."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_YEAR = timedelta(days=365)


class Authority:
    """Signs certificates.

    Args:
        folder: Where its files are kept.
        name: What it is called.
    """

    def __init__(self, folder: Path, name: str = "Authority") -> None:
        """Make its own certificate."""
        self._folder = folder
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        own = x509.BasicConstraints(ca=True, path_length=0)
        self._certificate = self._signed(self._name, self._key, _YEAR, own)
        self.bundle = folder / f"{name}.pem"
        self.bundle.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def server(self, host: str = "127.0.0.1", lasts: timedelta = _YEAR) -> ssl.SSLContext:
        """What a server needs to prove that it is a host.

        Args:
            host: The address that the certificate is for.
            lasts: For how long from now; less than nothing for one that has expired.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        named = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate = self._signed(subject, key, lasts, named)
        file = self._folder / f"server-{certificate.serial_number}.pem"
        hidden = serialization.NoEncryption()
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden)
        file.write_bytes(key.private_bytes(*form) + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _signed(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, lasts: timedelta, extension: Any
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(self._name, subject, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - 2 * _YEAR).not_valid_after(now + lasts)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(extension, critical=extension.oid == x509.BasicConstraints.oid)
        builder = builder.add_extension(issuer, critical=False)
        known_as = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        return builder.add_extension(known_as, critical=False).sign(self._key, hashes.SHA256())


@dataclass
class Front:
    """A relay that speaks TLS.

    Args:
        url: Its address.
        taken: Connections over which something was sent.
    """

    url: str
    taken: int = 0


@contextmanager
def in_front_of(url: str, context: ssl.SSLContext) -> Iterator[Front]:
    """Serve a plain server's answers over TLS."""
    behind = urlsplit(url)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        front = Front(f"https://127.0.0.1:{listening.getsockname()[1]}")

        def serve(client: socket.socket) -> None:
            with contextlib.suppress(OSError), context.wrap_socket(client, server_side=True) as secure:
                first = secure.recv(65_536)
                if not first:
                    return
                front.taken += 1
                with socket.create_connection((behind.hostname or "", behind.port or 0)) as server:
                    back = threading.Thread(target=_pass, args=(server, secure), daemon=True)
                    back.start()
                    server.sendall(first)
                    _pass(secure, server)
                    back.join()

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield front
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join()


def _pass(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    for each in (source, sink):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
