"""What the real SMTP servers of the tests are made of."""

from aiosmtpd.smtp import AuthResult

PASSWORD = "correct-horse"


class Mailbox:
    """Keeps what it is sent: ``(sender, recipients, bytes)``."""

    def __init__(self, refused: tuple[str, ...] = ()) -> None:
        self.mails: list[tuple[str, list[str], bytes]] = []
        self.refused = refused

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
        return "250 OK"


def authenticator(server, session, envelope, mechanism, data):
    right = (data.login, data.password) == (b"pipeline", PASSWORD.encode())
    return AuthResult(success=right, handled=right)
