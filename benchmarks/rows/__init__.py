"""One file per figure; each offers ``run(quick: bool) -> list[Row]``."""
