"""Exports over HTTP: files of another tool, and what it cannot carry, by name."""

from __future__ import annotations

from bank import Bank, LiveTable, client, prompt_text

FULL = """\
name: Triage
messages:
  - role: user
    content: "{{> house/style@1 }} Sort {{ claim }}"
tags: [claims]
"""


def test_prompts_are_written_in_a_format_with_their_fragments_in_place(bank: Bank) -> None:
    bank.put("house/style", prompt_text("Be kind."))
    bank.put("house/style", prompt_text("Be brief."), parent=1)
    bank.put("claims/triage", FULL)
    with client(bank.db, LiveTable()) as http:

        def export(**body: object) -> dict[str, list[dict[str, str]]]:
            answer = http.post("/projects/bank/exports", json=body)
            assert answer.status_code == 200, answer.text
            return answer.json()  # type: ignore[no-any-return]

        github = export(
            format="github",
            prompts=[{"path": "claims/triage"}, {"path": "house/style", "version": 1}],
        )
        assert [file["path"] for file in github["files"]] == [
            "claims/triage.prompt.yml",
            "house/style.prompt.yml",
        ]
        assert "Be kind. Sort {{ claim }}" in github["files"][0]["content"]
        assert "Be kind." in github["files"][1]["content"]
        assert [(loss["where"], loss["key"]) for loss in github["losses"]] == [
            ("claims/triage", "tags")
        ]
        # Our own format keeps the file byte for byte.
        [own] = export(format="directory", prompts=[{"path": "claims/triage"}])["files"]
        assert own["content"] == FULL
        texts = export(format="directory", text="md", prompts=[{"path": "house/style"}])
        assert texts["files"][0]["path"] == "house/style.md"


def test_what_cannot_be_exported_is_refused_with_the_reason(small_bank: Bank) -> None:
    small_bank.put("a", prompt_text("x"))
    with client(small_bank.db, LiveTable()) as http:
        for body, status, said in (
            ({"format": "word", "prompts": [{"path": "a"}]}, 422, "csv"),
            ({"format": "csv", "prompts": [{"path": "b"}]}, 404, "'b'"),
            ({"format": "csv", "prompts": [{"path": "a", "version": 9}]}, 404, "newest is 1"),
            ({"format": "csv", "text": "md", "prompts": [{"path": "a"}]}, 422, "text"),
            ({"format": "csv", "prompts": []}, 422, "prompts"),
        ):
            answer = http.post("/projects/bank/exports", json=body)
            assert (answer.status_code, said in answer.text) == (status, True), answer.text
