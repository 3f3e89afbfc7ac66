"""The two wire protocols as pure functions, and the HTTP that carries them."""
