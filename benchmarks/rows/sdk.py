"""SDK reads: cached get against a dict lookup, get + render against formatting the same text."""

from __future__ import annotations

from benchmarks.row import Row, micros, per_call
from benchmarks.stage import PROJECT, VARIABLES, project, prompt_text, publish, put, server


def run(quick: bool) -> list[Row]:
    """Both read figures, from a client that follows a real server."""
    from promptops import PromptOps

    number = 20_000 if quick else 200_000
    with server() as running, project(running) as api:
        publish(api, "staging", "claims/triage", put(api, "claims/triage", prompt_text()))
        token = running.token("app", "delivery", PROJECT, "staging")
        with PromptOps(
            url=running.url, token=token, project=PROJECT, environment="staging", disk_cache=False
        ) as ops:
            plain = {"claims/triage": object()}
            lookup = per_call(lambda: plain["claims/triage"], number)
            call = per_call(lambda: None, number)
            get = per_call(lambda: ops.get("claims/triage"), number)
            template = prompt_text().replace("{{ ", "{").replace(" }}", "}")
            system, user = template.split("role: user")
            system, user = system.split("inputs")[0], user.split("inputs")[0]

            def floor_render() -> object:
                return [
                    {"role": "system", "content": system.format_map(VARIABLES)},
                    {"role": "user", "content": user.format_map(VARIABLES)},
                ]

            floor = per_call(floor_render, number // 10)
            render = per_call(lambda: ops.get("claims/triage").render(VARIABLES), number // 10)
    get_net, lookup_net = get - call, max(lookup - call, 1e-9)
    return [
        Row("SDK cached get", micros(get_net), f"dict lookup {micros(lookup_net)}",
            get_net / lookup_net, "≤ 0.5 µs", get_net <= 0.5e-6),
        Row("get + render, 3 variables, 1 kB", micros(render), f"str.format {micros(floor)}",
            render / floor, "≤ 3 µs", render <= 3e-6),
    ]  # fmt: skip
