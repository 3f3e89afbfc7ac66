"""Whether a new password is good enough: long, not easy to guess, not made of words anybody here would try first.

Guessing is estimated by `zxcvbn`, which knows common and leaked passwords, names, dates and keyboard patterns, all offline.
Any character is allowed, none is asked for. Owns the rule for new passwords; hashing and checking belong to `users`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from promptops_server.infra.problems import Invalid

MIN_LENGTH: Final = 12
MIN_SCORE: Final = 3
"""Of 0 to 4: safely unguessable where attempts are slowed down, and where the hash is slow."""
CONTEXT_WORDS: Final = (
    "promptops",
    "prompts",
    "prompt",
    "ops",
    "administrator",
    "admin",
    "password",
)
"""Words of this product that count as guessed; `docs/sign-in.md` lists them."""
_MIN_OWN: Final = 6
"""Characters that must be left without such words, digits and signs between them."""
_ESTIMATED: Final = 40
"""Characters given to the estimate: it takes seconds for long texts made to be slow."""

_WORD = re.compile(r"[^\W\d_]{3,}")


def check_new_password(password: str, about: Iterable[str | None] = ()) -> None:
    """Refuse a password that is short or easy to guess.

    Args:
        about: what others know of the person: account name, display name, e-mail address.

    Raises:
        Invalid: with what is wrong and what helps.
    """
    if len(password) < MIN_LENGTH:
        raise Invalid(
            f"The password is shorter than {MIN_LENGTH} characters.",
            remedy="Several words make a good one.",
            slug="password-weak",
        )
    words = known_words(about)
    if _own_part(password, words) < _MIN_OWN:
        raise Invalid(
            "The password is made of names and words that anybody here would try first.",
            remedy="Leave out your name, your e-mail address and words of this product.",
            slug="password-weak",
        )
    found = _estimate(password, words)
    if found["score"] < MIN_SCORE:
        told = found["feedback"]
        warning = str(told["warning"] or "")
        raise Invalid(
            "The password is easy to guess." + (f" {warning}" if warning else ""),
            remedy=" ".join(told["suggestions"]) or "Add another word or two, uncommon ones.",
            slug="password-weak",
        )


def known_words(about: Iterable[str | None]) -> list[str]:
    """Words of the product and of the person, in small letters, longest first."""
    words = set(CONTEXT_WORDS)
    for text in about:
        words.update(_WORD.findall((text or "").lower()[:400]))
    return sorted(words, key=lambda word: (-len(word), word))[:60]


def _own_part(password: str, words: Iterable[str]) -> int:
    """How many letters and signs are left when such words and all digits and separators are gone.

    A password without any such word is judged by the estimate alone.
    """
    left = password.lower()
    for word in words:
        left = left.replace(word, "")
    if left == password.lower():
        return len(password)
    return len(re.sub(r"[\d\W_]", "", left))


def _estimate(password: str, words: list[str]) -> dict[str, Any]:
    # Imported here: its word lists take 14 MB, and most servers never set a password.
    from zxcvbn import zxcvbn

    estimate: Callable[..., dict[str, Any]] = zxcvbn  # has no types of its own
    return estimate(password[:_ESTIMATED], user_inputs=words, max_length=_ESTIMATED)
