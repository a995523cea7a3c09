"""`python -m bot`: the command `outcare`, where its script is not on the path."""

from bot.cli.main import main

main()
