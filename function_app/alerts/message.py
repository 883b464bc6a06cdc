"""What an alert says to people, in their language, before it becomes a card, blocks or an event."""

from dataclasses import dataclass

from driftloop.config.receivers import Receiver, filled_link
from driftloop.events import Alert
from driftloop.report.words.language import Words
from driftloop.report.words.links import is_link
from driftloop.report.words.plain_text import shortened, visible

LONGEST_TEXT = 500  # characters of a line: what events hold
LONGEST_TITLE = 150  # of a Slack header; others take more
FILES_NAMED = 3  # the rest is counted, because a message is read on a phone


@dataclass(frozen=True)
class Message:
    """Lines without markup, ready to be escaped by whoever writes them; `link`: where it leads, and its label."""

    title: str
    text: str
    reasons: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    link: tuple[str, str] | None
    footer: str

    @property
    def lines(self) -> tuple[str, ...]:
        """All of it, a line each."""
        facts = (f"{label}: {value}" for label, value in self.facts)
        return (self.title, self.text, *self.reasons, *facts, self.footer)


def message_of(alert: Alert, receiver: Receiver) -> Message:
    """The message of an alert for one receiver.

    Parameters
    ----------
    alert : Alert
        Its texts may be hostile: names of columns and files come from outside.
    receiver : Receiver
        Its language, and where its messages lead.
    """
    words = Words(receiver.language)
    fields = {"model": alert.model, "version": alert.version or "?"}
    reasons = tuple(_line(words.sentence(reason).text) for reason in alert.reasons)
    return Message(
        title=_line(words(f"alert.{alert.kind}", **fields), LONGEST_TITLE),
        text=_line(words(f"alert-text.{alert.kind}", **fields)),
        reasons=reasons,
        facts=tuple((label, _line(value)) for label, value in _facts(alert, words)),
        link=_link(alert, receiver, words),
        footer=_line(f"Driftloop · {alert.event_id} · {alert.at:%Y-%m-%d %H:%M} UTC"),
    )


def _facts(alert: Alert, words: Words) -> list[tuple[str, str]]:
    # A common cause is about no single model.
    found = [] if alert.kind == "common_cause" else [(words("alert-label.model"), alert.model)]
    if alert.p is not None:
        found.append((words("alert-label.rarity"), words.rarity(alert.p)))
    if alert.files:
        named = ", ".join(alert.files[:FILES_NAMED])
        more = max(alert.files_set_aside, len(alert.files)) - FILES_NAMED
        found.append((words("alert-label.files"), f"{named} {words('page.more', count=more)}" if more > 0 else named))
    others = (
        ("version", alert.version),
        ("previous", alert.previous),
        ("since", alert.since),
        ("drift", alert.drift_id),
        ("check", alert.check_id),
        ("report", alert.report),
    )
    return found + [(words(f"alert-label.{name}"), value) for name, value in others if value]


def _link(alert: Alert, receiver: Receiver, words: Words) -> tuple[str, str] | None:
    """To the report, where a receiver says how; else to the run."""
    if receiver.link is not None and alert.report and alert.check_id:
        made = filled_link(receiver.link, report=alert.report, model=alert.model, check_id=alert.check_id)
        return (made, words("alert-label.open-report"))
    if is_link(alert.run_url):
        return (str(alert.run_url), words("alert-label.open-run"))
    return None


def _line(text: str, most: int = LONGEST_TEXT) -> str:
    return shortened(visible(text), most)
