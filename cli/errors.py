"""How a command ends when it cannot do what was asked."""


class CommandError(Exception):
    """A sentence for the person at the terminal. `exit_code` 1: it did not work; 2: it was asked wrongly."""

    def __init__(self, sentence: str, exit_code: int = 1) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code
