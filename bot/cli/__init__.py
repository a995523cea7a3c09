"""The verbs of `outcare`: each a file, each a thin shell over the program."""

import signal
import sys

if sys.argv[1:2] == ["run"] and sys.platform != "win32":
    # Before anything slow is imported: the start reads all that whoever hangs up now wants to be read.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
