"""The month's team as its people would write it down: outcare.yaml and rules.yaml.

Sections that the program does not know are left out, so that each is lived with from the day that it is there.
"""

from __future__ import annotations

from typing import Any

from bot.settings.shape import File
from tests.month.plaza import NAME
from tests.month.room import KIND

RULES: dict[str, Any] = {
    "rules": {
        "smoke": {"why": "Possible harm to a person", "when": {"text": "smoke"}, "at_least": "critical"},
        "broken": {"why": "Something does not work", "when": {"text": "broken"}, "score": 60},
        "press": {"why": "A journalist asks", "when": {"text": "journalist"}, "score": 60, "route": "press"},
        "howto": {"why": "A plain question", "when": {"text": "how OR does OR which"}, "score": 25},
    },
    "urgency": {
        "critical": {"from": 90, "respond_in": "15m", "alert": "ping"},
        "high": {"from": 50, "respond_in": "1h", "alert": "message"},
        "normal": {"from": 20, "respond_in": "4h", "alert": "digest"},
        "low": {"from": 0, "respond_in": "24h", "alert": "none"},
    },
    "routes": {
        "default": {"to": "chat:care", "group_by": ["author"], "wait": "20s", "interval": "10m"},
        "press": {"to": "chat:press", "repeat_every": "30m"},
    },
}
CONFIG: dict[str, Any] = {
    "aim": "Answer within the hour",
    "brand": {"name": "acme", "words": ["acme"], "accounts": {NAME: ["did:acme"]}},
    "sources": {NAME: {}},
    "channels": {"chat:care": {}, "chat:press": {}, "console": {}},
    "people": {
        "anna": {"name": "Anna", "role": "agent", KIND: "1", "timezone": "Europe/Berlin"},
        "ben": {"name": "Ben", "role": "agent", KIND: "2", "timezone": "Europe/Berlin"},
        "li": {"name": "Li", "role": "lead", KIND: "3", "timezone": "America/New_York"},
    },
    "timezone": "Europe/Berlin",
    "hours": {
        "office": {"open": {"mon-fri": "08:00-18:00", "sat": "10:00-14:00"}},
        "york": {"open": {"mon-fri": ["09:00-12:00", "13:00-18:00"]}, "timezone": "America/New_York",
                 "routes": ["press"]},
    },
    "on_call": {
        "care": {
            "people": ["anna", "ben"], "every": "week", "starts": "2026-10-05",
            "hours": {"mon-fri": "08:00-18:00"},
            "layers": [{"people": ["anna", "ben"], "every": "day", "starts": "2026-10-05",
                        "hours": {"sat-sun": "08:00-20:00"}},
                       {"people": ["li"], "starts": "2026-10-05"}],
        },
        "press": {"people": ["li"], "starts": "2026-10-05", "timezone": "America/New_York", "routes": ["press"]},
    },
    "http": {"host": "127.0.0.1", "port": 0},
}  # fmt: skip
PEOPLE = {"1": "anna", "2": "ben", "3": "li"}
IDS = {key: number for number, key in PEOPLE.items()}
SECTIONS: dict[str, Any] = {
    "escalation": {
        "critical": [{"after": "30%", "ask": "next"}, {"after": "60%", "ask": "lead"}],
        "high": [{"after": "50%", "ask": "next"}, {"after": "100%", "ask": "lead"}],
        "claimed": {"remind": "80%", "return": "100%"},
    },
    "quiet_hours": {"night": {"hours": {"mon-sun": "22:00-07:00"}, "channels": ["chat:care"]}},
    "budgets": {"care": {"alerts": 30, "calls": 5, "per": "8h", "channels": ["chat:care"]}},
}
"""By the key of `outcare.yaml`."""


def configuration() -> dict[str, Any]:
    return {**CONFIG, **{name: one for name, one in SECTIONS.items() if name in File.model_fields}}
