"""Real SMTP servers in threads of the test, and a certificate that is made for it."""

import contextlib
import datetime
import ipaddress
import pathlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from conf.settings import MailSettings
from tests.jobs.health.mailing.smtp import PASSWORD, Mailbox, authenticator
from tests.ports import free_port


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A PEM file of a key and a certificate for 127.0.0.1 that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    alternatives = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(alternatives, critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("certificate") / "server.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def serve(certificate):
    """``serve(mailbox, tls="starttls")`` gives the settings that lead to a server of that kind."""
    with contextlib.ExitStack() as running:

        def start(mailbox: Mailbox, tls: str = "none", login: bool = False) -> MailSettings:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            options: dict = {}
            if tls == "tls":
                options["ssl_context"] = context
            if tls == "starttls":
                options.update(tls_context=context, require_starttls=True)
            if login:
                options.update(authenticator=authenticator, auth_required=True, auth_require_tls=tls == "starttls")
            port = free_port()
            controller = Controller(mailbox, hostname="127.0.0.1", port=port, **options)
            controller.start()
            running.callback(controller.stop)
            return MailSettings(
                recipients="ops@example.org, owner@example.org",
                sender="moovitamix@example.org",
                host="127.0.0.1",
                port=port,
                tls=tls,
                ca_bundle=str(certificate) if tls != "none" else "",
                user="pipeline" if login else "",
                password=PASSWORD if login else "",
                timeout=2.0,
            )

        yield start


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def dripping() -> Iterator[int]:
    """The port of a server whose greeting goes on and on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=drip, args=(server,), daemon=True).start()
        yield server.getsockname()[1]


def drip(server: socket.socket) -> None:
    with contextlib.suppress(OSError):
        client, _ = server.accept()
        while True:
            client.sendall(b"220-wait\r\n")
            time.sleep(0.05)
