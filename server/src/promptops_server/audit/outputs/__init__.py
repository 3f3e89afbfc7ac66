"""Where events and checkpoints are sent as they are written: syslog and a webhook, at least once, from a kept cursor."""
