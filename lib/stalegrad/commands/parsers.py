"""How every command introduces itself: what it answers, then examples that can be copied as they stand, a comment above each."""

from __future__ import annotations

import argparse


def add_command(commands, name: str, summary: str, about: str, more: str) -> argparse.ArgumentParser:
    """A subcommand: `summary` for the list of commands, `about` above its options, `more` below them, line breaks kept."""
    return commands.add_parser(name, help=summary, description=about, epilog=more, formatter_class=argparse.RawDescriptionHelpFormatter)
