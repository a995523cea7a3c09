"""Fakes that behave and contract suites: shipped, so that the authors of plug-ins use them too."""
