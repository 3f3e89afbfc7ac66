"""`gunicorn_service` with an address for the tests."""

import json

import gunicorn_service
from look import look


def app(environ, start_response):
    if environ["PATH_INFO"] != "/look":
        return gunicorn_service.app(environ, start_response)
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(look(gunicorn_service.ops)).encode()]
