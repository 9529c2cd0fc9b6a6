"""The two streams of the command line: answers on stdout, everything about the work itself on stderr."""

from rich.console import Console

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def tell(sentence: str) -> None:
    """A sentence about what goes on."""
    err.print(f"ordito: {sentence}", markup=False)
