"""Rendering in limited processes: bombs end with words, nothing is reachable, and a killed process comes back."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from promptops.calls.rendered import rendered
from promptops.format import TemplateFailed
from promptops.format.jinja2_text import _environment
from promptops_server.infra.problems import Unavailable
from promptops_server.registry.rendering.limited import LimitedRenderer, Refused
from promptops_server.registry.rendering.limits import RenderLimits


@pytest.fixture(scope="module")
def limited() -> Iterator[LimitedRenderer]:
    limits = RenderLimits(seconds=1.0, memory_mb=96, output_bytes=100_000, processes=2, waiting=2)
    found = LimitedRenderer(limits)
    yield found
    found.close()


def request_of(content: str, **inputs: Any) -> dict[str, Any]:
    artifact = {
        "project": "bank",
        "path": "a",
        "template": "jinja2",
        "model": "m",
        "inputs": {name: {"type": "object", "required": False} for name in inputs},
        "messages": [{"role": "user", "content": content}],
    }
    return {"artifact": artifact, "inputs": inputs, "model": None, "protocol": None}


def code_of(limited: LimitedRenderer, content: str, **inputs: Any) -> str:
    with pytest.raises(Refused) as caught:
        limited.render(request_of(content, **inputs))
    return caught.value.code


@pytest.mark.parametrize(
    ("bomb", "code"),
    [
        ("{% for i in range(10**9) %}{% endfor %}", "template-failed"),
        ("{% for i in range(99999) %}{% for i in range(99999) %}{% endfor %}{% endfor %}", "time"),
        ("{{ 9**(9**9) }}", "time"),
        ("{{ 'a' * 10**9 }}", "memory"),
        ("{{ 'a'|center(10**9) }}", "memory"),
        ("{{ '%1000000000d' % 1 }}", "memory"),
        (
            "{% set n = namespace(x='a') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
            "memory",
        ),
        ("{{ 'a' * 10**6 }}", "output"),
        ("{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}", "template-failed"),
        (
            "{% set n = namespace(x=[]) %}{% for i in range(99999) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x }}",
            "template-failed",
        ),
    ],
)
def test_a_bomb_is_refused_within_its_limits(
    limited: LimitedRenderer, bomb: str, code: str
) -> None:
    started = time.monotonic()
    assert code_of(limited, bomb) == code
    assert time.monotonic() - started < 10
    assert limited.render(request_of("fine"))["messages"][0]["content"] == "fine"


@pytest.mark.parametrize(
    "escape",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ ''|attr('__class__') }}",
        "{{ self.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ '{0.__class__}'.format(1) }}",
        "{{ value.update(x=1) }}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
    ],
)
def test_the_sandbox_holds_here_too(limited: LimitedRenderer, escape: str) -> None:
    assert code_of(limited, escape, value={}) == "template-failed"


def test_a_process_has_no_environment_no_files_and_no_children(limited: LimitedRenderer) -> None:
    limited.render(request_of("x"))
    assert limited._process is not None
    pid = limited._process.pid
    if os.path.isdir("/proc"):
        assert Path(f"/proc/{pid}/environ").read_bytes() == b""
    # What every quoted text, filter and failure needs was loaded before the doors were shut.
    with pytest.raises(Refused, match=r"encod|open"):
        limited.render(request_of("{{ 'x'.encode('cp1251') }}"))


def filters() -> list[str]:
    return sorted(set(_environment().filters) - {"random"})


def checks() -> list[str]:
    return sorted(set(_environment().tests) - {"in"})


@pytest.mark.parametrize("value", ["'b a'", "[3, 1]", "{'b': 1, 'a': [2]}", "7", "none"])
def test_every_filter_and_test_gives_what_it_gives_an_application(
    limited: LimitedRenderer, value: str
) -> None:
    parts = [f"{{{{ ({value})|{name} }}}}" for name in filters()]
    parts += [f"{{{{ ({value})|{name}('a') }}}}" for name in filters()]
    parts += [f"{{{{ ({value}) is {name.strip()} }}}}" for name in checks() if name.isalpha()]
    works = [part for part in parts if " object " not in outcome_here(part)]
    assert len(works) > 80
    fine = [part for part in works if not outcome_here(part).startswith("!")]
    assert len(fine) > 30
    content = "\n".join(fine)
    request = request_of(content)
    assert limited.render(request) == rendered(request["artifact"], {})
    for part in [part for part in works if part not in fine][::7]:
        with pytest.raises(Refused) as caught:
            limited.render(request_of(part))
        assert "!" + caught.value.message == outcome_here(part)


def outcome_here(content: str) -> str:
    try:
        return str(rendered(request_of(content)["artifact"], {})["messages"][0]["content"])
    except TemplateFailed as error:
        return f"!{error}"


def test_a_killed_process_is_replaced_and_close_ends_it() -> None:
    limited = LimitedRenderer()
    assert limited._process is None
    assert limited.render(request_of("one"))["messages"][0]["content"] == "one"
    assert limited._process is not None
    os.kill(limited._process.pid, signal.SIGKILL)
    limited._process.wait()
    assert limited.render(request_of("two"))["messages"][0]["content"] == "two"
    process = limited._process
    limited.close()
    assert process.poll() is not None


def test_many_at_once_wait_their_turn_and_too_many_are_sent_away(limited: LimitedRenderer) -> None:
    async def many() -> list[Any]:
        asked = [limited.run(request_of(f"{{{{ {number} }}}}")) for number in range(6)]
        return await asyncio.gather(*asked, return_exceptions=True)

    for _ in range(2):  # turns are given back
        answers = asyncio.run(many())
        refused = [answer for answer in answers if isinstance(answer, Unavailable)]
        assert len(refused) == 2
        assert refused[0].headers["Retry-After"]
        said = [a["messages"][0]["content"] for a in answers if isinstance(a, dict)]
        assert said == ["0", "1", "2", "3"]
