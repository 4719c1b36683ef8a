"""Hand a message to the SMTP server that ``[mail]`` names, or say in one line why it was not taken."""

import contextlib
import dataclasses
import signal
import smtplib
import socket
import ssl
from collections.abc import Iterator
from email.message import EmailMessage

from conf.errors import BadSetting, Refused
from conf.settings import MailSettings

WHOLE = 6  # times ``timeout`` that a whole mail may take: a server may answer often, and never end


class NotSent(Refused):
    """The message, or some of its recipients, were not taken; never holds the password."""


class PartlySent(NotSent):
    """Some recipients were refused, the others have the message."""


class TooLong(Exception):
    """The whole of it took too long; no ``OSError``, which smtplib takes for a lost connection."""


@dataclasses.dataclass(frozen=True)
class Sent:
    """Who has it, and how it went there."""

    recipients: list[str]
    how: str  # such as "mail.example.org:587, TLSv1.3, logged in as pipeline"


def send(message: EmailMessage, mail: MailSettings) -> Sent:
    """Send to all of ``[mail] recipients``.

    Raises:
        NotSent: host, port and cause.
        PartlySent: some recipients were refused.
    """
    try:
        with limited(mail.timeout * WHOLE), connected(mail) as (server, how):
            refused = server.send_message(message, mail.sender, mail.addresses)
    except (OSError, smtplib.SMTPException, ValueError, TooLong) as error:
        raise NotSent(f"mail server {mail.host}:{mail.port}: {cause(error, mail)}") from None
    if refused:
        raise PartlySent(f"mail server {mail.host}:{mail.port}: {_refused(refused, mail)}; the others have it")
    return Sent(mail.addresses, how)


@contextlib.contextmanager
def connected(mail: MailSettings) -> Iterator[tuple[smtplib.SMTP, str]]:
    """A session, under TLS and logged in where that is asked for, and what it is."""
    context = trusting(mail.ca_bundle)
    if mail.tls == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(mail.host, mail.port, timeout=mail.timeout, context=context)
    else:
        server = smtplib.SMTP(mail.host, mail.port, timeout=mail.timeout)
    with server:
        if mail.tls == "starttls":
            server.starttls(context=context)  # refuses to go on in the clear
        if mail.user:
            server.login(mail.user, mail.password)
        under = server.sock.version() if isinstance(server.sock, ssl.SSLSocket) else "no TLS"
        login = f"logged in as {mail.user}" if mail.user else "no login"
        yield server, f"{mail.host}:{mail.port}, {under}, {login}"


def trusting(ca_bundle: str) -> ssl.SSLContext:
    """
    Raises:
        BadSetting: the file holds no certificate.
    """
    try:
        return ssl.create_default_context(cafile=ca_bundle or None)
    except OSError as error:
        raise BadSetting(f"[mail] ca_bundle: {ca_bundle}: {error.strerror or error}; required is a PEM file") from None


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """End what takes longer with :class:`TooLong`. For the main thread: it uses the process's alarm."""

    def ring(*_: object) -> None:
        raise TooLong(f"not done within {seconds:g} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def cause(error: Exception, mail: MailSettings) -> str:
    """What failed, in one line that says what to do."""
    match error:
        case TooLong():
            return str(error)
        case smtplib.SMTPAuthenticationError():
            return f"the login was refused ({_answer(error, mail)}); see [mail] user and MOOVITAMIX_MAIL_PASSWORD"
        case smtplib.SMTPRecipientsRefused():
            return _refused(error.recipients, mail)
        case smtplib.SMTPSenderRefused():
            return f"the sender {mail.sender} was refused ({_answer(error, mail)}); see [mail] sender"
        case smtplib.SMTPResponseException():
            return f"it answered {_answer(error, mail)}"
        case smtplib.SMTPNotSupportedError():
            asked = "a login" if "AUTH" in str(error) else "STARTTLS"
            return f"it offers no {asked.removeprefix('a ')}; see [mail] tls and user"
        case smtplib.SMTPServerDisconnected() if "timed out" not in str(error):
            return "it closed the connection"
        case TimeoutError() | smtplib.SMTPServerDisconnected():
            return f"no answer within {mail.timeout:g} s"
        case socket.gaierror():
            return "there is no host of that name"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted ({error.verify_message}); see [mail] host and ca_bundle"
        case ssl.SSLError():
            return "it speaks no TLS there; see [mail] tls and port"
        case ConnectionRefusedError():
            return "connection refused"
        case UnicodeError():
            return "user or password have characters that no login can carry"
        case OSError():
            return (error.strerror or type(error).__name__).lower()
    return "the message could not be put into mail"


def _answer(error: smtplib.SMTPResponseException, mail: MailSettings) -> str:
    return f"{error.smtp_code} {_words(error.smtp_error, mail)}"


def _refused(recipients: dict[str, tuple[int, bytes]], mail: MailSettings) -> str:
    each = (f"{address} ({code} {_words(said, mail)})" for address, (code, said) in recipients.items())
    return f"it refused {', '.join(each)}"


def _words(said: bytes | str, mail: MailSettings) -> str:
    """What the server said, in a line; a password that it repeats is not shown."""
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    text = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return (text.replace(mail.password, "…") if mail.password else text)[:200]
