"""The whole program in Spanish: the card, its buttons, and what they tell."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance._world import ACME, ANN, World, until
from tests.acceptance.test_main_job import reply_to, running

PEOPLE = {
    "anna": {"name": "Ana", "role": "agent", "telegram": 1},
    "ben": {"name": "Ben", "role": "agent", "telegram": 2, "language": "en"},
}


async def test_from_a_question_to_its_answer_in_spanish(tmp_path: Path) -> None:
    """Card and buttons are Spanish, and the buttons work; a colleague who has another language is told in that."""
    async with World(tmp_path) as world:
        world.write_config(language="es", people=PEOPLE)
        async with running(world):
            network, chat = world.jetstream, world.telegram
            question = await network.post(ANN, "hey acme, how do I get my refund?")
            await until(lambda: chat.messages, what="the card arrives")
            card = chat.messages[0]
            assert card.text.startswith("ALTA · plazo: ")
            assert "1234 seguidores" in card.text
            assert "Motivo: Asks us something" in card.text
            assert "Abrir la publicación" in card.text
            assert ["Me encargo", "Descartar", "Más…"] == card.labels

            chat.press(card.message_id, "Más…", user=1, name="Ana")
            await until(lambda: "Volver" in str(chat.messages[0].labels), what="the menu opens")
            chat.press(card.message_id, "¿Por qué?", user=1, name="Ana")
            await until(lambda: len(chat.answers) == 2, what="the reason is told")
            assert chat.answers[1].text.startswith("ALTA, 50 puntos: Asks us something +50")
            chat.press(card.message_id, "Volver", user=1, name="Ana")
            await until(lambda: "Me encargo" in str(chat.messages[0].labels), what="the menu closes")

            chat.press(card.message_id, "Me encargo", user=1, name="Ana")
            chat.press(card.message_id, "Me encargo", user=2, name="Ben")
            await until(lambda: len(chat.answers) == 5, what="both presses are answered")
            assert ["Es tuya. El reloj corre.", "Ana has it."] == [one.text for one in chat.answers[3:]]
            await until(lambda: "La lleva Ana (" in chat.messages[0].text, what="the card shows the claim")

            await network.post(ACME, "Ann, it is on its way.", **reply_to(question, question))
            await until(lambda: "Respondida en" in chat.messages[0].text, what="the card shows the answer")

            sent = len(chat.messages)
            chat.say("/id")
            await until(lambda: len(chat.messages) > sent, what="the ids are told")
            assert "tu id: " in chat.messages[-1].text
