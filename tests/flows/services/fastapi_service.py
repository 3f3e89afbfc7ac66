"""A FastAPI service. One client for each worker process, made and closed by the lifespan."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse

from promptops import AsyncPromptOps, PromptNotLive


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with AsyncPromptOps() as ops:  # settings come from PROMPTOPS_URL, PROMPTOPS_TOKEN, …
        app.state.ops = ops
        yield


app = FastAPI(lifespan=lifespan)


def prompts(request: Request) -> AsyncPromptOps:
    return request.app.state.ops


Prompts = Annotated[AsyncPromptOps, Depends(prompts)]


@app.post("/triage")
async def triage(claim: str, ops: Prompts) -> dict[str, Any]:
    prompt = ops.get("claims/triage")  # a read of memory: no await, no network
    # answer = await openai.chat.completions.create(**prompt.for_openai({"claim": claim}))
    messages = prompt.render({"claim": claim})
    return {"messages": messages, "version": prompt.version, "release": prompt.release}


@app.exception_handler(PromptNotLive)  # PromptSuspended is one of these
async def stopped(request: Request, error: PromptNotLive) -> JSONResponse:
    return JSONResponse({"code": error.code, "reason": error.reason}, 503)


@app.get("/ready")
async def ready(ops: Prompts) -> JSONResponse:
    health = ops.health()
    told = {"release": health.release, "source": health.source, "connected": health.connected}
    return JSONResponse(told, 503 if health.source == "none" else 200)
