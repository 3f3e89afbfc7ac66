"""From a rendered prompt to the arguments of a provider's own SDK.

Owns one pure function per wire protocol (`openai`, `anthropic`). Calling a model is the
application's, with the SDK it already has; nothing here imports one. What a protocol has no way
to say raises `CannotExpress`.
"""
