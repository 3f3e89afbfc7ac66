"""`POST /delivery/v1/{project}/{environment}/receipts`, as plain ASGI like the rest of delivery."""

from __future__ import annotations

import orjson

from promptops_server.delivery import answers
from promptops_server.delivery.asgi_types import Receive, Send
from promptops_server.delivery.receipts.intake import Intake
from promptops_server.delivery.receipts.model import HEARTBEAT_SECONDS, pace_ms
from promptops_server.delivery.receipts.read import MOST_BYTES, read_receipt
from promptops_server.delivery.store import Facts
from promptops_server.infra.problems import BadRequest, TooLarge


async def answer_receipt(facts: Facts, intake: Intake, receive: Receive, send: Send) -> None:
    """Take the receipt in the request's body, and answer how to go on.

    Raises:
        TooLarge, Invalid: the body is no receipt.
        BadRequest: the client went away before its end.
    """
    receipt = read_receipt(await _body(receive), "http")
    intake.put(facts, receipt)
    content = orjson.dumps(
        {"pace_ms": pace_ms(intake.following(facts.id)), "heartbeat_s": HEARTBEAT_SECONDS}
    )
    headers = [answers.JSON, answers.length(content), (b"cache-control", b"no-store")]
    await send(answers.start(200, headers))
    await send(answers.body(content))


async def _body(receive: Receive) -> bytes:
    content = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise BadRequest("The request ended before its body did.")
        content += bytes(message.get("body", b""))
        if len(content) > MOST_BYTES:
            raise TooLarge(
                f"A receipt is at most {MOST_BYTES} bytes.", remedy="Report fewer releases at once."
            )
        if not message.get("more_body"):
            return content
