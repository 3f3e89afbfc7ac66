"""A WSGI service for `gunicorn --preload`: the client is made once, before the workers are forked."""

import json
from urllib.parse import parse_qs

from promptops import PromptNotLive, PromptOps

ops = PromptOps()  # in the parent; each worker has what was held at once, and connects for itself


def app(environ, start_response):
    claim = parse_qs(environ["QUERY_STRING"]).get("claim", [""])[0]
    try:
        prompt = ops.get("claims/triage")
        status, told = "200 OK", {"messages": prompt.render(claim=claim), "version": prompt.version}
    except PromptNotLive as error:
        status, told = "503 Service Unavailable", {"code": error.code, "reason": error.reason}
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps(told).encode()]
