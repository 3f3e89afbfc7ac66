"""Lint: what can be proven wrong about a prompt file without calling a model or a server.

Owns the rules, their documentation, suppression by comment and the reports. Whether a file is valid
at all is the format's: its problems arrive here as findings, under a rule or as `parse/…`. Which
findings stop a release is decided by the registry, never by lint.
"""

from __future__ import annotations

from .check import Checked, check
from .choice import Choice, UnknownRule
from .finding import Finding
from .project import Found, ListedProject, Project
from .registry import all_rules
from .rule import Rule

__all__ = [
    "Checked",
    "Choice",
    "Finding",
    "Found",
    "ListedProject",
    "Project",
    "Rule",
    "UnknownRule",
    "all_rules",
    "check",
]
