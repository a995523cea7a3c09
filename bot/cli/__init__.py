"""The verbs of `outcare`: each a file, each a thin shell over the program."""
