"""A run as one HTML file a person likes to read: no script, nothing loaded from elsewhere, light and dark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from itertools import groupby
from typing import Any

from promptops.money import dollars
from promptops_server.evaluation.runs.report.material import Material, why_not

_STYLE = """
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6675;--paper:#fff;--line:#e2e6ec;--fill:#f5f7fa;
--good:#157347;--bad:#b42318;--warn:#9a6700}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa5b4;--paper:#12161c;--line:#2b323d;--fill:#1a2029;
--good:#4cc38a;--bad:#ff8a7a;--warn:#e3b341}}
*{box-sizing:border-box}body{margin:0 auto;max-width:64rem;padding:2.5rem 1.25rem 5rem;background:var(--paper);
color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
h1{font-size:1.5rem;line-height:1.25;margin:0;overflow-wrap:anywhere}h2{font-size:1.1rem;margin:2.5rem 0 .75rem}
p{margin:.35rem 0}.soft{color:var(--soft)}.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}
.verdict{font-size:1.05rem;font-weight:600;margin:.9rem 0}
.wide{overflow-x:auto}table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.45rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600;color:var(--soft);font-size:.85rem}td.n,th.n{text-align:right;white-space:nowrap}
details{border:1px solid var(--line);border-radius:8px;margin:.5rem 0;background:var(--fill)}
summary{cursor:pointer;padding:.55rem .8rem;overflow-wrap:anywhere}
details>div{padding:.1rem .9rem .8rem;background:var(--paper);border-radius:0 0 8px 8px}
ul{margin:.4rem 0;padding-left:1.2rem}li{margin:.2rem 0;overflow-wrap:anywhere}
code{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,monospace;overflow-wrap:anywhere}
.bar{display:flex;height:8px;border-radius:4px;overflow:hidden;background:var(--line);min-width:7rem}
.bar i{display:block;background:var(--good)}.bar i.f{background:var(--bad)}.bar i.e{background:var(--warn)}
td ul{margin:0;padding:0;list-style:none;min-width:12rem}
@media(max-width:40rem){body{padding:1.5rem 1rem 3rem}th,td{padding:.4rem .45rem}.bar{min-width:4rem}}
@media print{details{break-inside:avoid}body{max-width:none}}
"""


def write(material: Material) -> Iterator[str]:
    """The document: verdict, a line per target, what did not pass, then everything."""
    run = material.run
    title = f"{material.address}: run {run['number']}"
    yield (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{_e(title)}</title><style>{_STYLE}</style></head><body>\n"
    )
    yield f"<h1>{_e(material.address)}</h1>"
    made = run["created_at"]  # RFC 3339 in UTC
    when = f'<time datetime="{_e(made)}">{_e(made[:16].replace("T", " "))} UTC</time>'
    yield f'<p class="soft">Run {run["number"]}, by {_e(run["created_by"])}, {when}</p>'
    yield _verdict(run)
    yield _facts(run)
    yield _targets(run)
    yield "<h2>What did not pass</h2>"
    yield from _failures(material)
    yield "<h2>Every call</h2>"
    yield from _everything(material)
    yield "</body></html>\n"


def _verdict(run: Mapping[str, Any]) -> str:
    if run["passed"] is True:
        said, colour = "Every required check passed.", "good"
    elif run["passed"] is False:
        said, colour = "Some required checks did not pass.", "bad"
    elif run["ended"] == run["calls"] and any(t["unchecked"] for t in run["targets"]):
        said, colour = "No required check looks at some answers: they say nothing.", "warn"
    else:
        said, colour = f"Not every call has an answer: the run is {run['state']}.", "warn"
    problem = f"<p>{_e(run['problem'])}</p>" if run["problem"] else ""
    return f'<p class="verdict {colour}">{_e(said)}</p>{problem}'


def _facts(run: Mapping[str, Any]) -> str:
    suites = ", ".join(f"{suite['name']} ({suite['cases']} cases)" for suite in run["suites"])
    repeats = f", each {run['repeat']} times" if run["repeat"] > 1 else ""
    limit = f" of {dollars(run['max_cost'])}" if run["max_cost"] is not None else ""
    return (
        f"<p>{_e(suites)}{repeats}; {run['ended']:,} of {run['calls']:,} calls; "
        f"cost {_cost(run)}{limit}</p>"
        f'<p class="soft">Behaviour <code>{_e(run["behaviour"])}</code></p>'
    )


def _targets(run: Mapping[str, Any]) -> str:
    rows = []
    for target in run["targets"]:
        parts = (
            ("", target["passed"]),
            ("f", target["failed"]),
            ("e", target["unchecked"] + target["errors"] + target["skipped"]),
        )
        bar = "".join(
            f'<i class="{kind}" style="flex:{count}"></i>' for kind, count in parts if count
        )
        rest = target["calls"] - sum(count for _, count in parts)
        bar += f'<b style="flex:{rest}"></b>' if rest else ""
        numbers = "".join(
            f'<td class="n">{target[name]:,}</td>'
            for name in ("passed", "failed", "unchecked", "errors", "skipped", "reused")
        )
        rows.append(
            f'<tr><td>{_e(target["name"])}<div class="soft">{_e(target["model"])}</div></td>'
            f'<td><div class="bar">{bar}</div></td>{numbers}'
            f'<td class="n">{_cost(target)}</td></tr>'
        )
    heads = "".join(
        f'<th class="n">{name}</th>'
        for name in ("Passed", "Failed", "Unchecked", "Errors", "Skipped", "Stored", "Cost")
    )
    return (
        f'<h2>Targets</h2><div class="wide"><table><tr><th>Target</th><th></th>{heads}</tr>'
        f"{''.join(rows)}</table></div>"
    )


def _failures(material: Material) -> Iterator[str]:
    none = True
    for result in material.results():
        if result["passed"] is True or result["state"] == "waiting":
            continue
        none = False
        reasons = "".join(f"<li>{_e(reason)}</li>" for reason in why_not(result))
        colour = "bad" if result["state"] == "done" and result["passed"] is False else "warn"
        yield (
            f'<details open><summary><span class="{colour}">{_e(result["target"])}</span>: '
            f"{_e(_call(material, result))}</summary><div><ul>{reasons}</ul></div></details>\n"
        )
    if none:
        yield '<p class="soft">Nothing.</p>'


def _everything(material: Material) -> Iterator[str]:
    for target, group in groupby(material.results(), key=lambda result: str(result["target"])):
        yield f'<details><summary>{_e(target)}</summary><div class="wide"><table>'
        yield (
            '<tr><th>Case</th><th>Result</th><th>Checks</th><th class="n">Tokens</th>'
            '<th class="n">ms</th><th class="n">Cost</th></tr>\n'
        )
        for result in group:
            yield _row(material, result)
        yield "</table></div></details>\n"


_DONE = {True: ("passed", "good"), False: ("failed", "bad"), None: ("unchecked", "warn")}


def _row(material: Material, result: Mapping[str, Any]) -> str:
    said, colour = {
        "waiting": ("not called", "soft"),
        "skipped": ("skipped", "warn"),
        "error": ("error", "warn"),
        "done": _DONE[result["passed"]],
    }[result["state"]]
    checks = "".join(
        f'<li class="{"soft" if score["passed"] else "bad"}">{_e(score["check"])}: '
        f"{_e(score['detail'] or ('passed' if score['passed'] else 'not passed'))}</li>"
        for score in result["scores"]
    )
    if result["fault"]:
        checks = f"<li>{_e(result['fault'])}: {_e(result['detail'] or '')}</li>"
    tokens = (
        f"{result['input_tokens']:,} → {result['output_tokens'] or 0:,}"
        if result["input_tokens"] is not None
        else ""
    )
    latency = f"{result['latency_ms']:,.0f}" if result["latency_ms"] is not None else ""
    cost = dollars(result["cost"]) if result["state"] == "done" else ""
    if result["cost_estimated"]:
        cost = f"{dollars(result['cost'])}, if it was charged"
    return (
        f'<tr><td>{_e(_call(material, result))}</td><td class="{colour}">{said}</td>'
        f'<td><ul>{checks}</ul></td><td class="n">{tokens}</td><td class="n">{latency}</td>'
        f'<td class="n">{cost}</td></tr>\n'
    )


def _call(material: Material, result: Mapping[str, Any]) -> str:
    several = len(material.run["suites"]) > 1
    name = f"{result['suite']} / {material.case(result)}" if several else material.case(result)
    return f"{name}, repeat {result['repeat'] + 1}" if material.run["repeat"] > 1 else name


def _cost(of: Mapping[str, Any]) -> str:
    """`+` where the cost of some calls is not known."""
    return dollars(of["cost"]) + ("+" if of["cost"] and of["unpriced"] else "")


def _e(value: Any) -> str:
    return escape(str(value).encode("utf-8", "replace").decode())
