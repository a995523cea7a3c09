"""Pagers against their services: what rings, what only changes, what is told when a credential is revoked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import SecretStr, ValidationError

from bot.errors import Rejected, Unauthorized, Unavailable
from bot.findings import Exam, Finding, Health
from bot.model import Alert
from bot.ports import Wiring
from bot.staff import Card, Line
from bot.testing.notifier_contract import a_card
from bot.testing.ntfy_server import NtfyServer
from bot.testing.pagerduty_server import PagerDutyServer
from bot.testing.webhook_server import WebhookServer
from bot.texts.en import ENGLISH
from connectors import apprise, ntfy, pagerduty
from tests.contract._http import counting
from tests.contract._rigs import FixedClock
from tests.contract.pager_rigs import (
    KEY,
    NTFY_TOKEN,
    PAGE,
    TOPIC,
    apprise_url,
    ntfy_notifier_of,
    pagerduty_notifier_of,
)


def card(state: str = "open", *, alert: Alert = Alert.PING, urgency: str = "critical") -> Card:
    whole = a_card(state=state, headline=f"it is {state}")
    data = {**whole.data, "urgency": urgency, "conversation_id": 7, "brand": "acme", "mention_id": "M1"}
    return replace(whole, alert=alert, data=data, ping=("Anna",))


async def test_a_ping_is_urgent_and_leads_to_the_page() -> None:
    """Priority 5 is what may break Do Not Disturb; a plain message is 3."""
    async with counting() as http, NtfyServer() as server:
        server.tokens.add(NTFY_TOKEN)
        notifier = ntfy_notifier_of(server, http)
        await notifier.notify("anna", card(), key="a")
        await notifier.notify("anna", card(alert=Alert.MESSAGE), key="b")
        loud, plain = server.of_topic(TOPIC)
        assert (5, 3) == (loud.priority, plain.priority)
        assert f"{PAGE}/c/7" == loud.whole["click"]
        assert ["Open the conversation", "Open the post"] == [one["label"] for one in loud.whole["actions"]]
        assert loud.text is not None
        assert loud.text.endswith("Anna")


async def test_a_phone_buzzes_once_and_then_changes() -> None:
    """Claimed and answered take the place of what rang, without a sound; a note changes nothing. What is open
    once more calls.
    """
    async with counting() as http, NtfyServer() as server:
        server.tokens.add(NTFY_TOKEN)
        notifier = ntfy_notifier_of(server, http)
        receipt = await notifier.notify("anna", card(), key="a")
        for state in ("open", "claimed", "claimed", "answered", "open"):
            receipt = await notifier.update("anna", receipt, card(state), key=state)
        assert [5, 2, 2, 5] == [one.priority for one in server.of_topic(TOPIC)]
        assert ["it is open"] == [one.title for one in server.shown(TOPIC).values()]


async def test_the_same_delivery_again_is_one_notification() -> None:
    """A try whose answer was lost: apps show the sequence once."""
    async with counting() as http, NtfyServer() as server:
        server.tokens.add(NTFY_TOKEN)
        notifier = ntfy_notifier_of(server, http)
        await notifier.notify("anna", card(), key="a")
        await notifier.notify("anna", card(), key="a")
        await notifier.notify("anna", card(), key="b")
        assert 2 == len(server.shown(TOPIC))


@pytest.mark.parametrize("text", ["ü" * 9000, '"\n' * 9000, "word " * 3000, "\x01" * 5000, "𝄞" * 4000])
async def test_any_text_stays_a_notification(text: str) -> None:
    """Not an attachment, and not refused as too large; what stands behind the post is still there."""
    async with counting() as http, NtfyServer() as server:
        server.tokens.add(NTFY_TOKEN)
        await ntfy_notifier_of(server, http).notify("anna", a_card(text), key="a")
        shown = server.of_topic(TOPIC)[0].text
        assert shown is not None
        assert "Open the post" in shown
        assert text[:200] in shown


async def test_ntfy_limits_are_told() -> None:
    """Too many at once, and a topic that is somebody else's."""
    async with counting() as http, NtfyServer() as server:
        server.tokens.add(NTFY_TOKEN)
        server.burst = 1
        notifier = ntfy_notifier_of(server, http)
        await notifier.notify("anna", card(), key="a")
        with pytest.raises(Unavailable, match="so many messages"):
            await notifier.notify("anna", card(), key="b")
        server.burst = 60
        server.reserved.add(TOPIC)
        with pytest.raises(Rejected, match="does not let us publish"):
            await ntfy_notifier_of(server, http, token=None).notify("anna", card(), key="c")
        server.users["outcare"] = "a-password"
        signed = {"token": None, "user": "outcare", "password": SecretStr("a-password")}
        await ntfy_notifier_of(server, http, **signed).notify("anna", card(), key="d")


async def test_a_claim_acknowledges_and_an_answer_resolves() -> None:
    """One incident; opened again after that, it is a new one of the same key that calls."""
    async with counting() as http, PagerDutyServer() as server:
        server.keys.add(KEY)
        notifier = pagerduty_notifier_of(server, http)
        receipt = await notifier.notify("anna", card(), key="a")
        stood = []
        for state in ("open", "claimed", "claimed", "answered", "open"):
            receipt = await notifier.update("anna", receipt, card(state), key=state)
            stood.append(server.all()[-1].status)
        assert ["triggered", "acknowledged", "acknowledged", "resolved", "triggered"] == stood
        assert ([1, 1], 4) == ([one.called for one in server.all()], len(server.events))
        assert 1 == len({event["dedup_key"] for event in server.events})


async def test_what_is_given_back_calls_anew() -> None:
    """By an incident of its own, since nothing takes an acknowledgement back; a second try makes no second."""
    async with counting() as http, PagerDutyServer() as server:
        server.keys.add(KEY)
        notifier = pagerduty_notifier_of(server, http)
        receipt = await notifier.notify("anna", card(), key="a")
        taken = await notifier.update("anna", receipt, card("claimed"), key="b")
        for _ in range(2):
            receipt = await notifier.update("anna", taken, card("open"), key="c")
        assert [("resolved", 1), ("triggered", 1)] == [(one.status, one.called) for one in server.all()]
        receipt = await notifier.update("anna", receipt, card("claimed"), key="d")
        assert ["resolved", "acknowledged"] == [one.status for one in server.all()]
        await notifier.update("anna", receipt, card("answered"), key="e")
        assert ["resolved", "resolved"] == [one.status for one in server.all()]


async def test_what_calls_somebody_else_is_over_here() -> None:
    """It went back to the queue, and the next one is called: this one is neither called nor has it any more."""
    async with counting() as http, PagerDutyServer() as server:
        server.keys.add(KEY)
        notifier = pagerduty_notifier_of(server, http)
        receipt = await notifier.notify("anna", card(), key="a")
        receipt = await notifier.update("anna", receipt, card("claimed"), key="b")
        for number, alert in enumerate((Alert.MESSAGE, Alert.PING)):
            receipt = await notifier.update("anna", receipt, card("open", alert=alert), key=f"c{number}")
        assert [("resolved", 1)] == [(one.status, one.called) for one in server.all()]


async def test_a_card_that_is_handed_over_stays_triggered() -> None:
    """It is claimed by whom it calls: a change of it acknowledges nothing in their name."""
    async with counting() as http, PagerDutyServer() as server:
        server.keys.add(KEY)
        notifier = pagerduty_notifier_of(server, http)
        receipt = await notifier.notify("anna", card("claimed"), key="a")
        receipt = await notifier.update("anna", receipt, card("claimed"), key="b")
        assert ["triggered"] == [one.status for one in server.all()]
        await notifier.update("anna", receipt, card("answered"), key="c")
        assert ["resolved"] == [one.status for one in server.all()]


@pytest.mark.parametrize(
    ("urgency", "severity"),
    [("critical", "critical"), ("high", "error"), ("normal", "warning"), ("low", "info")],
)
async def test_an_event_says_what_it_is_about(urgency: str, severity: str) -> None:
    """Severity by urgency, a link to the page and to the post, a summary that fits."""
    async with counting() as http, PagerDutyServer() as server:
        server.keys.add(KEY)
        long = replace(card(urgency=urgency), headline="x" * 3000)
        await pagerduty_notifier_of(server, http).notify("anna", long, key="a")
        event = server.events[0]
        assert (severity, 1024) == (event["payload"]["severity"], len(event["payload"]["summary"]))
        assert f"{PAGE}/c/7" == event["client_url"] == event["links"][0]["href"]
        assert "https://example.com/post?a=1&b=2" == event["links"][1]["href"]


async def test_a_revoked_key_is_unauthorized() -> None:
    """Well-formed, and not known there any more."""
    async with counting() as http, PagerDutyServer() as server:
        with pytest.raises(Unauthorized, match="routing key"):
            await pagerduty_notifier_of(server, http).notify("anna", card(), key="a")


async def test_a_notice_is_an_incident_of_its_own() -> None:
    """Without a conversation: nothing resolves it but a person."""
    async with counting() as http, PagerDutyServer() as server:
        server.keys.add(KEY)
        notice = Card(headline="telegram:care refuses", lines=(Line(text="401"),), data={"event": "notice"})
        await pagerduty_notifier_of(server, http).notify("anna", notice, key="notice:x")
        assert [("triggered", "warning")] == [(one.status, one.payload["severity"]) for one in server.all()]


# --- what the doctor says -------------------------------------------------------------------------


async def findings(connector: object, exam: Exam, wiring: Wiring) -> list[Finding]:
    return [one async for one in connector.examine(exam, wiring)]  # type: ignore[attr-defined]


async def test_the_doctor_tries_routing_keys_and_calls_nobody() -> None:
    """An incident that never was is resolved."""
    async with counting() as http, PagerDutyServer() as server:
        server.keys.add(KEY)
        exam = Exam(
            account=pagerduty.AccountSettings(base_url=server.url),
            channels={
                "anna": pagerduty.ChannelSettings(routing_key=SecretStr(KEY)),
                "ben": pagerduty.ChannelSettings(routing_key=SecretStr("0" * 32)),
            },
        )
        found = await findings(pagerduty.CONNECTOR, exam, Wiring(http=http, clock=FixedClock()))
        assert [("pagerduty:anna", Health.FINE), ("pagerduty:ben", Health.MEND)] == [
            (one.about, one.health) for one in found
        ]
        assert [] == server.all()


async def test_the_doctor_tries_ntfys_token_and_publishes_nothing() -> None:
    """A wrong one is to be mended; a short topic without a token is worth knowing."""
    async with counting() as http, NtfyServer() as server:
        channels = {"anna": ntfy.ChannelSettings(topic="acme")}
        wiring = Wiring(http=http, clock=FixedClock(), page=PAGE)
        wrong = ntfy.AccountSettings(server=server.url, token=SecretStr("tk_no"))
        nobody = ntfy.AccountSettings(server=server.url)
        found = await findings(ntfy.CONNECTOR, Exam(account=wrong, channels=channels), wiring)
        assert [Health.MEND] == [one.health for one in found]
        found = await findings(ntfy.CONNECTOR, Exam(account=nobody, channels=channels), wiring)
        assert [Health.FINE, Health.NOTE] == [one.health for one in found]
        await server.stop()
        found = await findings(ntfy.CONNECTOR, Exam(account=nobody, channels=channels), wiring)
        assert [Health.MEND] == [one.health for one in found]
        assert [] == server.messages


# --- what may be configured ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"server": "ntfy.sh"}, "a server is written like"),
        ({"user": "anna"}, "OUTCARE_NTFY__PASSWORD is missing"),
        ({"password": "a-secret-word"}, "its user is missing"),
        ({"user": "a", "password": "a-secret-word", "token": "tk_a-secret"}, "two ways to sign in"),
    ],
)
def test_what_is_wrong_with_ntfy_is_said(given: dict[str, str], said: str) -> None:
    """Without what was given."""
    with pytest.raises(ValidationError, match=said) as raised:
        ntfy.AccountSettings.model_validate(given)
    assert "secret" not in str(raised.value)


def test_a_topic_and_a_key_are_checked_and_not_shown() -> None:
    """In no repr and in no error."""
    topic, key = (
        ntfy.ChannelSettings(topic=TOPIC),
        pagerduty.ChannelSettings(routing_key=SecretStr(f" {KEY}")),
    )
    assert (TOPIC in repr(topic), KEY in repr(key), KEY) == (False, False, key.routing_key.get_secret_value())
    for model, given in (
        (ntfy.ChannelSettings, {"topic": "planted with spaces"}),
        (pagerduty.ChannelSettings, {"routing_key": "planted-too-short"}),
    ):
        with pytest.raises(ValidationError) as raised:
            model.model_validate(given)
        assert "planted" not in str(raised.value)


# --- Apprise --------------------------------------------------------------------------------------


async def test_apprise_follows_up_when_nobody_has_to_act() -> None:
    """Nothing is changed in place: one message more for a claim, none for what comes after it."""
    async with WebhookServer() as hook:
        channels = {"lead": apprise.ChannelSettings(url=apprise_url(hook))}
        notifier = apprise.AppriseNotifier(
            clock=FixedClock(), channels=channels, texts=ENGLISH, page=f"{PAGE}/"
        )
        receipt = await notifier.notify("lead", card(), key="a")
        for state in ("open", "claimed", "answered", "open"):
            receipt = await notifier.update("lead", receipt, card(state), key=state)
        told = [one.told for one in hook.deliveries]
        assert ["open", "claimed", "open"] == [one["title"].removeprefix("it is ") for one in told]
        assert ["warning"] * 3 == [one["type"] for one in told]
        assert f"Open the conversation: {PAGE}/c/7" in told[0]["message"]


async def test_apprise_that_does_not_say_why_is_tried_again() -> None:
    """No answer, no status."""
    async with WebhookServer() as hook:
        channels = {"lead": apprise.ChannelSettings(url=apprise_url(hook))}
        notifier = apprise.AppriseNotifier(clock=FixedClock(), channels=channels, texts=ENGLISH)
        await hook.stop()
        with pytest.raises(Unavailable, match="does not say why"):
            await notifier.notify("lead", card(), key="a")


@pytest.mark.parametrize("url", ["nonsense://planted-secret", "planted-secret", "tgram://planted-secret"])
def test_a_url_that_apprise_does_not_understand_is_told(url: str) -> None:
    """Before anything runs, and without the URL."""
    with pytest.raises(ValidationError, match="does not understand this URL") as raised:
        apprise.ChannelSettings(url=SecretStr(url))
    assert "planted" not in str(raised.value)


async def test_the_doctor_says_where_apprise_leads() -> None:
    """The service by name; to try it takes a message."""
    async with counting() as http, WebhookServer() as hook:
        exam = Exam(channels={"lead": apprise.ChannelSettings(url=apprise_url(hook))})
        found = await findings(apprise.CONNECTOR, exam, Wiring(http=http, clock=FixedClock()))
        assert ["leads to JSON; Apprise cannot try it without a message"] == [one.says for one in found]
        assert 0 == hook.requests
