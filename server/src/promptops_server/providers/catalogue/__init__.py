"""Families and models: context, modalities, parameters, prices, retirement, and what breaks a prompt."""
