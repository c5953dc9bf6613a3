"""What the command line does. Each command is a plain function; `__main__` turns words into calls."""

from evalkit.commands.console import plain
from evalkit.commands.reports import report, reproduce

__all__ = ["plain", "report", "reproduce"]
