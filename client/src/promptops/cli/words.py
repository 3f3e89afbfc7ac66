"""The words after `promptops`: which file in `commands` has each, and what the help says of it.

A file is read when its word is asked for, so that a command starts as fast as what it needs itself. Groups are the
`app` of their file; single commands are put in the tree by its `add_to`.
"""

from __future__ import annotations

from typing import Final

COMMANDS: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "login",
        "account",
        "Sign in: makes a token for this machine and keeps it for later commands.",
    ),
    ("logout", "account", "Revoke this machine's token and forget it."),
    ("whoami", "account", "Show who you are to the server, and what your token is narrowed to."),
    (
        "bulk",
        "bulk",
        "Edit many prompts as one commit: tags, owners, model, module, archive, restore.",
    ),
    (
        "import",
        "import_prompts",
        "Import prompts: a folder, a table with one prompt per row, or another tool's files",
    ),
    ("export", "export", "Export prompts to another tool. What its format cannot carry is listed."),
    ("lint", "lint", "Check prompt files. Needs no server, except for --project."),
    ("work", "review.look", "What waits for me, in all projects, the longest waiting first."),
    (
        "search",
        "search",
        "Find projects, environments, releases, reviews and prompts by a few words; the best 20.",
    ),
    (
        "inventory",
        "inventory",
        "List all prompts with use case, owner, tier and whether their records are complete.",
    ),
    (
        "matrix",
        "matrix",
        "Show where prompts work: a verdict for every prompt and model target, with the run behind it.",
    ),
    (
        "play",
        "play",
        "Try a prompt on several models and watch them answer. Nothing of it is kept, unless you save a case.",
    ),
    ("publish", "publish", "Make versions live, all of them in one release."),
    (
        "promote",
        "promote",
        "Make exactly what is live in one environment live in another, all of it in one release.",
    ),
    (
        "retire",
        "retire",
        "End the use of a prompt: from then on it cannot be published where approval is asked.",
    ),
    (
        "rollback",
        "rollback",
        "Put earlier content back. It was live before, so it needs no new approval.",
    ),
    (
        "suspend",
        "stop",
        "Stop prompts at once: applications get an error with the reason, and no old copy.",
    ),
    ("unpublish", "stop", "Take prompts out of an environment."),
    ("compare", "compare", "List the prompts that differ between two environments."),
    ("get", "get", "Get a live prompt as an application would: signed, verified, compiled."),
    (
        "activity",
        "activity",
        "Show what happened in a project, newest first; with --follow the newest last.",
    ),
    (
        "crosswalk",
        "crosswalk",
        "Show which fields and features serve which clause, and where the proof lies. Needs no server.",
    ),
    (
        "test",
        "test",
        "Test a prompt on models: every case of its suites on each, scored by its checks.",
    ),
)
"""Word, file, the beginning of the help as the list of commands shows it."""

GROUPS: Final[tuple[tuple[str, str, str], ...]] = (
    ("project", "project", "Projects: each is a Git repository of prompts."),
    ("prompt", "prompt", "Prompts: write them and look at them."),
    (
        "working-copy",
        "working_copy",
        "Working copies: your unsaved edits, kept by the server until you commit them.",
    ),
    ("fragment", "fragment", "Fragments: prompts whose text others include."),
    ("record", "record", "Records: what is documented about a prompt, and what is missing."),
    (
        "suite",
        "suite",
        "Suites: the cases a prompt is tested with, and what is asked of every answer.",
    ),
    ("review", "review", "Reviews: ask for one, comment, decide, see what is missing."),
    ("env", "environment", "Environments: what is live where."),
    (
        "releases",
        "releases",
        "Releases of an environment, newest first (`releases PLACE`); watch one while it spreads.",
    ),
    (
        "mirror",
        "mirror",
        "Mirrors: a project's refs, pushed to another Git host after every commit.",
    ),
    (
        "models",
        "models",
        "Model targets: the endpoints of models, their credentials, budgets and checks.",
    ),
    ("view", "view", "Saved lists of prompts: filters, words, order and columns under a name."),
    ("schedule", "schedule", "Scheduled releases. `publish --at` and `promote --at` make them."),
    ("redact", "redact", "Redaction: take personal data out of a project's whole history."),
    ("emergency", "emergency", "Emergency releases. `publish --emergency INCIDENT` makes them."),
    (
        "exception",
        "exception",
        "Exceptions: a rule set aside in a scope, with a compensating control, for at most 90 days.",
    ),
    ("audit", "audit", "The audit log."),
    ("me", "me", "Your own sign-in: password, authenticator app, sessions."),
    ("hold", "hold", "Legal holds."),
    (
        "evidence",
        "evidence",
        "Evidence about a release, for auditors: fetch a pack (`evidence ADDRESS`), check one.",
    ),
    ("token", "token", "Tokens for programs and other machines."),
    ("user", "user", "People and service accounts (for administrators)."),
    ("access", "access", "Who may do what, asked of the policies."),
    (
        "policy",
        "policy",
        "Access policies of the installation, in Cedar (for administrators and auditors).",
    ),
    ("runs", "runs", "Test runs: what was tested on which models, and what came of it."),
)
"""The same of words that more words follow."""
