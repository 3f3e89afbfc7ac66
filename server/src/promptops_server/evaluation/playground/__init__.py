"""One prompt on several targets at once, streaming; nothing is kept unless asked."""
