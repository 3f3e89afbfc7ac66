"""What a page of a console shows in one call: gathered from the capabilities, which it stands above. Only reads."""
