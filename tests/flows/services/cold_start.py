"""A function that is started on demand: what was live the last time is at hand before anything is connected."""

from promptops import PromptOps

ops = PromptOps(  # outside the handler: made once for each instance, kept while it is warm
    start_timeout=1.0,  # seconds of a cold start that may be spent on waiting for the live release
    cache_dir="/tmp/promptops",  # the last good release, verified when read; on a disk that several starts see
    max_age=24 * 3600,  # refuse what the server has not vouched for since yesterday
)


def handler(event, context):
    prompt = ops.get("claims/triage", fallback="Sort this claim: {{ claim }}")
    return {"messages": prompt.render(claim=event["claim"]), "version": prompt.version}
