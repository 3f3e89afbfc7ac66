"""`celery_service` with a task for the tests."""

import time

import celery_service
from look import look

app = celery_service.app


@app.task
def tell():
    time.sleep(0.05)  # so that the next one goes to another process
    return look(celery_service.ops)
