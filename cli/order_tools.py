"""What the commands about orders share: addresses, files, JSON."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from cli.console import out
from cli.errors import CommandError

Number = Annotated[str, typer.Argument(help="Order number.", metavar="NUMBER")]


def order_path(number: str, *more: str) -> str:
    """The address of an order, or of a part of it."""
    return "/".join(["/v1/orders", quote(number, safe=""), *more])


def read_file(file: Path) -> bytes:
    """The content of a file; `-` is standard input. CommandError when it cannot be read."""
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file}: cannot be read: {error.strerror or error}", exit_code=2) from error


def print_json(content: Any) -> None:
    """The API's answer as it is."""
    out.print_json(json.dumps(content))
