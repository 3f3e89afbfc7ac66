"""README.txt of a pack: what it is, what lies where, how to check it, and what a check cannot tell."""

from __future__ import annotations

_TEXT = """\
EVIDENCE PACK
{title}

Made by PromptOps {product} of the installation {installation}
as of {position}.

Begin with report.pdf: it says in words what was released, why, who decided, and what changed.

HOW TO CHECK THIS PACK
  promptops evidence verify pack.zip --key FINGERPRINT       everything, with the client installed
  python verify.py pack.zip --key FINGERPRINT                needs Python 3.9 or newer and nothing else

Do not unpack the zip and pack it again: the check covers every byte of it.
FINGERPRINT is the SHA-256 of the installation's public key, or the key itself. Get it from the installation, not from
this pack: GET /delivery/v1/keys of its server, or a copy your firm kept. This pack was signed with the key
  {key_id}
Without --key the check believes the keys in this pack, and says so. That finds every change to a pack, but not a pack
that somebody made up whole and signed with a key of his own. For the same reason take verify.py from a pack you trust.

WHAT LIES WHERE
  manifest.json            the SHA-256 of every file, what the pack is about, and the log position it was made at
  signature.json           the installation's signature (Ed25519) over manifest.json
  report.pdf               the report for people (PDF/A-2b)
  release.json             the release with its signed statement
  keys.json                the installation's public keys
  prompts/NN-NAME/         one folder for each prompt:
    prompt.prompt.yml        the file exactly as it lies in Git
    artifact.json            the compiled form that applications receive, byte for byte
    version.json             version, commit, digests, author
    record.json              its documentation record, each value with where it comes from
    documented.json          what the record digest is taken over
    defaults.json            the defaults files of the project and its modules
    fragments.json           the texts that the prompt includes
    difference.diff, .json   what changed since the version before (live before, if there was one)
    lint.json                findings of the checks
    tests.json               test results ("none recorded" where there are none)
    approvals.json           requests, decisions, signatures, comments
    continuity.json          exceptions, emergencies, certifications
    history.json             releases of this prompt everywhere, and its versions
  audit/events.jsonl       the audit events about all this, as they were recorded
  audit/proofs.json        the proof that each of them is in the signed log, and that the log only grew

WHAT A CHECK PROVES
  No byte of the pack was changed since it was signed. The artifact is the one that the signed release names. Both
  digests are those of the content. Each decision is bound to these digests, and each signature covers its decision.
  Each audit event is in the log that the installation signed.

WHAT IT DOES NOT PROVE
  That what people wrote in the record is true. That a person is who the installation says. That the installation
  recorded what it should have. The mapping to principles and laws in the report is the product's reading, not legal
  advice.
"""


def readme(*, title: str, product: str, installation: str, position: str, key_id: str) -> bytes:
    """The text of the file."""
    return _TEXT.format(
        title=title, product=product, installation=installation, position=position, key_id=key_id
    ).encode()
