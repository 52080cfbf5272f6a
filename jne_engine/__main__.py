"""Entry point of ``python -m jne_engine``."""

from jne_engine.cli.main import main

if __name__ == "__main__":
    main()
