"""The `record` digests of new versions that defaults apply to, each at the commit that makes the version."""

from __future__ import annotations

from collections.abc import Mapping

from promptops.format.digests import documented_digest
from promptops_server.registry.content import Content
from promptops_server.registry.git.view import ObjectView
from promptops_server.registry.records.defaults_at import At, DefaultsAt
from promptops_server.registry.steps import Numbering


def inherited_records(
    view: ObjectView, numbering: Numbering, contents: Mapping[str, Content]
) -> dict[At, str]:
    """Digest by commit and path; a version that no defaults apply to is left out.

    `view` sees the commits of the numbering, and contents of these blobs may have forgotten their text.
    """
    valid = [v for v in numbering.versions if contents[v.blob].documented is not None]
    defaults = DefaultsAt(view)
    defaults.load((v.commit, v.path) for v in valid)
    digests: dict[At, str] = {}
    for made in valid:
        inherited = defaults.inherited(made.commit, made.path)
        said = contents[made.blob].documented
        if inherited and said is not None:
            digests[made.commit, made.path] = documented_digest(said, inherited)
    return digests
