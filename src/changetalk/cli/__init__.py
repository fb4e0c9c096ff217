"""The command `changetalk`: one verb a job."""

from changetalk.cli.main import main

__all__ = ["main"]
