"""Strategies for texts, values and whole prompt files."""

from __future__ import annotations

from hypothesis import strategies as st

CHARACTERS = st.characters(
    exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"
) | st.sampled_from("\n\r\t")
TEXTS = st.text(CHARACTERS, max_size=60) | st.sampled_from(
    [
        *("no", "On", "null", "~", "1", "012", "0x1f", "1e3", "2020-01-02", "12:30:45", "=", "<<"),
        *("- a", "? a", "a: b", "a #b", "# a", "{{ x }}", "{{> a@1 }}", "[a]", "|", ">-", "'", '"'),
        *(" a", "a ", "\ta", "a\n", "a\n\n", "\n", "\n\na", "  a\nb", "a\n  b\n", "a \n b \n\n\n"),
        *(
            "a\r\nb",
            "\r",
            "---",
            "---\na",
            "...",
            "%YAML",
            "@a",
            "`a",
            "!a",
            "&a",
            "*a",
            "😀",
            "\u00a0",
        ),
        *("a:", ":a", "a\\b", "a\"b'c", "\ufeff", "a\u2028b", " \n a", "\n \n", "a\n\t\n"),
    ]
)
PLAIN_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
WORDS = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["system", "user", "assistant"]),
            "content": TEXTS.filter(lambda t: bool(t.strip()) and "{{" not in t),
        }
    ),
    min_size=1,
    max_size=3,
)
FILES = st.fixed_dictionaries(
    {"messages": MESSAGES},
    optional={
        "name": TEXTS.filter(lambda t: bool(t.strip())),
        "description": TEXTS,
        "model": st.sampled_from(["openai/gpt-4o", "claude-sonnet"]),
        "modelParameters": st.fixed_dictionaries(
            {}, optional={"temperature": st.floats(0, 2), "maxTokens": st.integers(1, 4096)}
        ),
        "testData": st.lists(st.dictionaries(WORDS, TEXTS, max_size=2), max_size=2),
        "evaluators": st.lists(st.fixed_dictionaries({"name": WORDS}), max_size=2),
        "tags": st.lists(WORDS, max_size=3),
        "owners": st.lists(WORDS, max_size=2),
        "record": st.dictionaries(WORDS, TEXTS, max_size=3),
        "responseFormat": st.sampled_from(["text", "json_object"]),
        "variants": st.dictionaries(
            st.sampled_from(["gpt", "claude", "qwen2.5-72b"]),
            st.fixed_dictionaries({}, optional={"messages": MESSAGES, "model": WORDS}),
            max_size=2,
        ),
    },
)
