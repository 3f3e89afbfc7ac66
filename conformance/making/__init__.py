"""How the data files are made; `make.py` writes them."""
