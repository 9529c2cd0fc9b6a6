"""What can go wrong while a stack is started, told to a person."""


class StackError(Exception):
    """A part of the stack cannot run; the text says which, why, and what to do."""
