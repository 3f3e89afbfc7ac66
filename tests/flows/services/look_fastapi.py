"""`fastapi_service` with a route for the tests."""

from fastapi_service import Prompts, app
from look import look


@app.get("/look")
async def tell(ops: Prompts) -> dict:
    return look(ops)
