"""Stories: what the product is for, told by a program that runs it and looks. Each exits non-zero if it is not so."""
