"""The settings, a file per section: name, type, default, meaning. `setting_sections` lists them."""
