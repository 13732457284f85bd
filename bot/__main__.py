"""`python -m bot` is `blup`."""

from bot.cli import main

main()
