"""One rule of an environment per file; `rulebook` finds them."""
