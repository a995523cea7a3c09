"""Draws docs/images/answers.svg: cards of the golden states, as staff sees them while they answer.

`python docs/images/cards.py`, from the root of a checkout.
"""

from __future__ import annotations

import sys
import textwrap
from html import escape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from dataclasses import replace

from bot import cards
from bot.buttons import Choices
from bot.staff import Card
from bot.texts.en import ENGLISH
from tests.unit.test_cards import BERLIN, NOW
from tests.unit.test_golden_cards import replying

SHOWN = ("a draft", "a reply, held", "a reply, refused")
WIDTH, CHARS, LINE, PAD = 380, 50, 19, 14
STYLE = (
    "text{font:13px 'DejaVu Sans',Verdana,sans-serif;fill:#1c1e21}.b{font-weight:600}.q{fill:#41516b}"
    ".card{fill:#fff;stroke:#d5dbe3}.bar{fill:#3b82c4}.btn{fill:#e8f0f9}.l{fill:#1c5a99;text-anchor:middle}"
)


def drawn(card: Card, left: int) -> tuple[list[str], int]:
    """The shapes of one card, and how far down it goes."""
    said: list[str] = []
    down = 20 + PAD

    def write(text: str, kind: str, indent: int = 0) -> None:
        nonlocal down
        for piece in text.splitlines():
            wide = CHARS - (8 if kind == "b" else indent // 7)
            for row in textwrap.wrap(piece, wide) or [""]:
                said.append(
                    f'<text x="{left + PAD + indent}" y="{down + 12}" class="{kind}">{escape(row)}</text>'
                )
                down += LINE

    write(card.headline, "b")
    for line in card.lines:
        begun = down
        write(
            line.text,
            "b" if line.is_strong else "q" if line.is_quote or line.is_copy else "",
            12 * line.is_quote,
        )
        if line.is_quote:
            said.append(f'<rect x="{left + PAD}" y="{begun}" width="3" height="{down - begun}" class="bar"/>')
        down += 3
    for row in card.buttons:
        wide = (WIDTH - 2 * PAD - 6 * (len(row) - 1)) / len(row)
        for number, button in enumerate(row):
            x = left + PAD + number * (wide + 6)
            said += [
                f'<rect x="{x:.0f}" y="{down + 4}" width="{wide:.0f}" height="26" rx="5" class="btn"/>',
                f'<text x="{x + wide / 2:.0f}" y="{down + 21}" class="l">{escape(button.label)}</text>',
            ]
        down += 32
    return said, down + PAD


def main() -> None:
    states = dict(replying())
    people = Choices(people={"anna": "Anna"})
    several = []
    for name in SHOWN:
        state = states[name]
        mine = replace(state, conversation=replace(state.conversation, claimed_by="anna"))
        several.append(cards.render(mine, texts=ENGLISH, zone=BERLIN, now=NOW, choices=people))
    bodies = [drawn(card, 10 + number * (WIDTH + 14)) for number, card in enumerate(several)]
    high = max(down for _, down in bodies)
    shapes = []
    for number, (said, _) in enumerate(bodies):
        left = 10 + number * (WIDTH + 14)
        shapes += [
            f'<rect x="{left}" y="20" width="{WIDTH}" height="{high - 20}" rx="10" class="card"/>',
            *said,
        ]
    size = f'width="{20 + len(bodies) * (WIDTH + 14)}" height="{high + 20}"'
    body = "\n".join(shapes)
    out = Path(__file__).with_name("answers.svg")
    out.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n<style>{STYLE}</style>\n{body}\n</svg>\n'
    )


if __name__ == "__main__":
    main()
