"""A page a session to read in the browser, and an overview of a batch."""

from changetalk.report.write import write_report

__all__ = ["write_report"]
