"""An OpenAI-compatible endpoint on loopback that behaves, and, when told to, misbehaves as models do.

As https://platform.openai.com/docs/api-reference/chat/create has it. By itself it answers politely; `say`
puts an answer in, `refuse` (of `Loopback`) a status, `obey` makes it do whatever a post in the user message
tells it to, as a model does that has been talked over. It imports no client.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.testing.loopback import Loopback

POLITE = "Hi {author.name}, thank you for telling us. Somebody of our team is looking into it right now."
_ORDER = re.compile(r'(?:reply|answer|write|say)(?: exactly)?: ?(?P<text>[^"\\]+)', re.IGNORECASE)


class CompletionsServer(Loopback):
    """`async with CompletionsServer(key="k") as server`. `asked`: the bodies that came."""

    def __init__(self, *, key: str | None = None) -> None:
        super().__init__()
        self.key = key
        self.asked: list[dict[str, Any]] = []
        self.obeys = False
        self._answers: deque[dict[str, Any] | bytes] = deque()

    @property
    def endpoint(self) -> str:
        return f"{self.url}/v1"

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v1/chat/completions", self._complete)]

    def say(self, content: str | None, *, ending: str = "stop", refusal: str | None = None) -> None:
        """The next answer."""
        self._answers.append(_completion(content, ending=ending, refusal=refusal))

    def send(self, body: bytes) -> None:
        """The next answer's body, whatever it is."""
        self._answers.append(body)

    def obey(self) -> None:
        """From now on, do what the posts say."""
        self.obeys = True

    async def _complete(self, request: web.Request) -> web.Response:
        if self.key is not None and request.headers.get("Authorization") != f"Bearer {self.key}":
            return _error(401, "invalid_api_key")
        try:
            given = await request.json()
            texts = [message["content"] for message in given["messages"] if message["role"] == "user"]
        except (json.JSONDecodeError, LookupError, TypeError):
            return _error(400, "invalid_request_error")
        self.asked.append(given)
        answer = self._answers.popleft() if self._answers else _completion(self._said(texts))
        if isinstance(answer, bytes):
            return web.Response(body=answer, content_type="application/json")
        return web.json_response(answer)

    def _said(self, texts: list[str]) -> str:
        order = _ORDER.search("\n".join(texts)) if self.obeys else None
        return order["text"].strip() if order else POLITE


def _completion(content: str | None, *, ending: str = "stop", refusal: str | None = None) -> dict[str, Any]:
    message: Mapping[str, Any] = {"role": "assistant", "content": content, "refusal": refusal}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "small-1",
        "choices": [{"index": 0, "message": message, "finish_reason": ending}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }


def _error(status: int, kind: str) -> web.Response:
    return web.json_response({"error": {"type": kind, "message": "no", "code": kind}}, status=status)
