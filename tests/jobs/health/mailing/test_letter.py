"""What a letter becomes: parts that any mail program reads, with nothing in them that a stranger wrote as code."""

import dataclasses
import email
import email.policy

import pytest

from conf.errors import BadSetting
from conf.settings import MailSettings, parse
from jobs.health.mailing.letter import Letter, message, shown

MAIL = MailSettings(recipients="ops@example.org,owner@example.org", sender="pipeline@example.org")
HOSTILE = '<script>alert("1")</script>\r\nBcc: all@example.org \x1b[2J\u202eevil'
VALUES = dict(
    date="2024-03-01",
    verdict=HOSTILE,
    failing=[dict(task="CleanTracks", error=HOSTILE, command="less x")],
    findings=[],
    figures=[],
    decisions=[dict(step="retrain", decision="keep", reason=HOSTILE)],
    link="",
)


def parsed(letter, mail=MAIL):
    return email.message_from_bytes(message(letter, mail).as_bytes(), policy=email.policy.default)


def test_text_and_html_are_alternatives_and_the_report_is_attached(tmp_path):
    report = tmp_path / "2024-03-01.html"
    report.write_text("<p>the report</p>")
    mail = parsed(Letter("all is well", "mail", VALUES, report))
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/html",
    ]
    [attached] = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content().strip()) == ("2024-03-01.html", "<p>the report</p>")
    assert "The report is attached: 2024-03-01.html" in mail.get_body(("plain",)).get_content()


def test_who_it_is_from_and_to_stands_in_the_headers():
    mail = parsed(Letter("all is well", "mail", VALUES))
    assert mail["From"] == "MooVitamix <pipeline@example.org>"
    assert mail["To"] == "ops@example.org, owner@example.org"
    assert mail["Message-ID"].endswith("@example.org>")
    assert mail["Auto-Submitted"] == "auto-generated"


def test_hostile_text_is_shown_as_text():
    mail = parsed(Letter("s", "mail", VALUES))
    html = mail.get_body(("html",)).get_content()
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt; Bcc: all@example.org [2J evil") == 3
    text = mail.get_body(("plain",)).get_content()
    assert "\x1b" not in text + html
    assert "\u202e" not in text + html


def test_a_subject_cannot_bring_a_header():
    mail = parsed(Letter(HOSTILE, "mail", VALUES))
    assert mail["Bcc"] is None
    assert mail["Subject"] == '<script>alert("1")</script> Bcc: all@example.org [2J evil'


@pytest.mark.parametrize("key", ["sender", "recipients"])
def test_an_address_cannot_bring_a_header(key):
    injected = "a@example.org\nBcc: all@example.org"
    with pytest.raises(BadSetting, match=rf"\[mail\] {key}: found "):
        parse({"mail": {key: injected}})
    with pytest.raises(BadSetting, match="no e-mail address"):
        message(Letter("s", "mail", VALUES), dataclasses.replace(MAIL, **{key: injected}))


def test_a_report_too_large_for_mail_servers_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr("jobs.health.mailing.letter.LARGEST", 10)
    report = tmp_path / "r.html"
    report.write_text("12345678901")
    mail = parsed(Letter("s", "mail", VALUES, report))
    assert list(mail.iter_attachments()) == []
    assert "There is no report to attach." in mail.get_body(("plain",)).get_content()


def test_text_in_one_line_keeps_its_letters():
    assert shown("Björk —\t“Jóga”\n\x00日本") == "Björk — “Jóga” 日本"
