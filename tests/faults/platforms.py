"""The chat and the webhook's receiver, which besides all they can take something and lose the answer."""

from __future__ import annotations

from aiohttp import web

from bot.testing.telegram_server import TelegramServer
from bot.testing.webhook_server import WebhookServer


class LossyChat(TelegramServer):
    """The next `lost_answers` messages and edits are taken, and then the line breaks."""

    lost_answers = 0

    def routes(self) -> list[web.RouteDef]:
        return [web.route("*", "/bot{token}/{method}", self._take)]

    async def _take(self, request: web.Request) -> web.StreamResponse:
        answer = await self._handle(request)
        is_loss = self.lost_answers > 0 and request.match_info["method"].lower() in {
            "sendmessage", "editmessagetext",
        }  # fmt: skip
        self.lost_answers -= is_loss
        return _broken(request, answer) if is_loss else answer


class LossyWebhook(WebhookServer):
    """The next `lost_answers` deliveries are taken, and then the line breaks."""

    lost_answers = 0

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/{path:.*}", self._take)]

    async def _take(self, request: web.Request) -> web.StreamResponse:
        answer = await self._receive(request)
        is_loss = self.lost_answers > 0
        self.lost_answers -= is_loss
        return _broken(request, answer) if is_loss else answer


def _broken(request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return answer
