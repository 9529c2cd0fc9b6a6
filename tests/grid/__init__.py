import pytest

pytest.register_assert_rewrite("tests.grid.alone", "tests.grid.buyer", "tests.grid.comparing", "tests.grid.waves")
