"""Against real SMTP servers: with TLS of both kinds, a login, and each way not to work."""

import dataclasses
import time

import pytest

from conf.settings import MailSettings
from jobs.health.mailing.letter import Letter, message
from jobs.health.mailing.smtp import NotSent, send
from tests.jobs.health.mailing.smtp import PASSWORD, Mailbox
from tests.ports import free_port

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")  # where TLS is there from the start

VALUES = dict(date="d", verdict="It arrived.", failing=[], findings=[], figures=[], decisions=[], link="")


def post(mail):
    return send(message(Letter("hello", "mail", VALUES), mail), mail)


def why(mail):
    with pytest.raises(NotSent) as failed:
        post(mail)
    assert PASSWORD not in failed.value.message
    assert "\n" not in failed.value.message
    start = f"mail server {mail.host}:{mail.port}: "
    assert failed.value.message.startswith(start)
    return failed.value.message.removeprefix(start)


@pytest.mark.parametrize(("tls", "login"), [("none", False), ("starttls", True), ("tls", True)])
def test_a_mail_arrives_at_all_recipients(serve, tls, login):
    box = Mailbox()
    mail = serve(box, tls, login)
    sent = post(mail)
    assert sent.how.startswith(f"127.0.0.1:{mail.port}, {'no TLS' if tls == 'none' else 'TLSv1.'}")
    assert sent.how.endswith("logged in as pipeline" if login else "no login")
    [(sender, recipients, content)] = box.mails
    assert (sender, recipients) == ("moovitamix@example.org", ["ops@example.org", "owner@example.org"])
    assert b"It arrived." in content


def test_a_server_that_offers_no_tls_gets_nothing_in_the_clear(serve):
    box = Mailbox()
    mail = dataclasses.replace(serve(box), tls="starttls")
    assert why(mail) == "it offers no STARTTLS; see [mail] tls and user"
    assert not box.mails


def test_a_server_that_speaks_tls_later_is_not_taken_for_one_that_speaks_it_at_once(serve):
    mail = dataclasses.replace(serve(Mailbox(), "starttls"), tls="tls")
    assert why(mail) == "it speaks no TLS there; see [mail] tls and port"


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(serve):
    mail = dataclasses.replace(serve(Mailbox(), "tls"), ca_bundle="")
    assert why(mail).startswith("its certificate is not trusted (self-signed certificate")


def test_a_wrong_password_is_refused_and_not_shown(serve):
    mail = dataclasses.replace(serve(Mailbox(), "starttls", login=True), password=PASSWORD + "!")
    assert why(mail) == (
        "the login was refused (535 5.7.8 Authentication credentials invalid); "
        "see [mail] user and MOOVITAMIX_MAIL_PASSWORD"
    )


def test_a_server_without_a_login_is_named(serve):
    mail = dataclasses.replace(serve(Mailbox()), user="pipeline", password=PASSWORD)
    assert why(mail) == "it offers no login; see [mail] tls and user"


def test_refused_recipients_are_named_and_the_others_have_it(serve):
    box = Mailbox(refused=("owner@example.org",))
    assert why(serve(box)) == "it refused owner@example.org (550 no such mailbox); the others have it"
    assert [mail[1] for mail in box.mails] == [["ops@example.org"]]


def test_all_recipients_refused_is_named(serve):
    mail = serve(Mailbox(refused=("ops@example.org", "owner@example.org")))
    assert why(mail) == "it refused ops@example.org (550 no such mailbox), owner@example.org (550 no such mailbox)"


def test_a_dead_server_is_named():
    mail = MailSettings(recipients="a@b.org", port=free_port(), tls="none")
    assert why(mail) == "connection refused"


def test_a_name_that_does_not_resolve_is_named():
    mail = MailSettings(recipients="a@b.org", host="mail.invalid", tls="none")
    assert why(mail) == "there is no host of that name"


@pytest.mark.parametrize("tls", ["none", "tls"])
def test_a_server_that_says_nothing_is_given_up(silent, tls):
    began = time.monotonic()
    assert why(MailSettings(recipients="a@b.org", port=silent, tls=tls, timeout=0.2)) == "no answer within 0.2 s"
    assert time.monotonic() - began < 5


@pytest.mark.slow
def test_a_server_that_answers_without_end_is_given_up(dripping):
    assert why(MailSettings(recipients="a@b.org", port=dripping, tls="none", timeout=0.2)) == "not done within 1.2 s"
