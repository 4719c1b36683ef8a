"""A letter as a message: text and HTML of the same, with the day's report attached."""

import dataclasses
import email.policy
import email.utils
import pathlib
import textwrap
import unicodedata
from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

import jinja2

from conf.errors import BadSetting
from conf.settings import MailSettings

TEMPLATES = pathlib.Path(__file__).parents[1] / "templates"
LONGEST = 68  # characters of a subject that stay in one line of the header
LARGEST = 10_000_000  # bytes of a report that is attached; mail servers refuse much larger ones


@dataclasses.dataclass(frozen=True)
class Letter:
    """Its subject, and the values that both templates called ``template`` show."""

    subject: str
    template: str  # mail or mail.week
    values: Mapping[str, Any]
    report: pathlib.Path | None = None


def message(letter: Letter, mail: MailSettings) -> EmailMessage:
    """``multipart/alternative`` of text and HTML; with a report, that and the report in ``multipart/mixed``.

    Raises:
        BadSetting: an address holds what would make another header of it.
    """
    made = EmailMessage(policy=email.policy.SMTP)
    attached = letter.report if letter.report and letter.report.stat().st_size <= LARGEST else None
    values = {**letter.values, "attached": attached.name if attached else ""}
    made["Subject"] = textwrap.shorten(shown(letter.subject), LONGEST, placeholder=" ...")
    try:
        made["From"] = Address("MooVitamix", addr_spec=mail.sender)
        made["To"] = [Address(addr_spec=address) for address in mail.addresses]
    except Exception:  # of the parser of addresses, which raises of several kinds
        raise BadSetting("[mail] sender, recipients: found what is no e-mail address") from None
    made["Date"] = email.utils.localtime()
    made["Message-ID"] = email.utils.make_msgid(domain=mail.sender.rpartition("@")[2])
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(render(f"{letter.template}.txt", values))
    made.add_alternative(render(f"{letter.template}.html", values), subtype="html")
    if attached:
        made.add_attachment(attached.read_bytes(), maintype="text", subtype="html", filename=attached.name)
    return made


def render(template: str, values: Mapping[str, Any]) -> str:
    """The template's text; in HTML what the values hold is escaped, in both it has no control characters."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=template.endswith(".html"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(cleaned(values))


def cleaned(value: Any) -> Any:
    """Every text within plain values, as :func:`shown`."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, Mapping):
        return {key: cleaned(each) for key, each in value.items()}
    return [cleaned(each) for each in value] if isinstance(value, list | tuple) else value


def shown(text: str) -> str:
    """The text in one line, without what moves a terminal's cursor or turns the direction of writing."""
    kept = "".join(
        " " if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp") else character for character in text
    )
    return " ".join(kept.split())
