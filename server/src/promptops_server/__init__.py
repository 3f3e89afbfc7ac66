"""The PromptOps server. Start reading at ``docs/tour.md``; packages below import only downwards."""

__version__ = "0.1.0"
