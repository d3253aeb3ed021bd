"""Reading what mutmut found, and holding it against the arguments."""

import pytest

from dev.mutants import ARGUED, Argument, Mutant, mutant_of, place, read_arguments, unargued

DIFF = """# shared.sweep.xǁSweeperǁ_told__mutmut_3: survived
--- shared/sweep.py
+++ shared/sweep.py
@@ -1,5 +1,5 @@
 def _told(self, swept: Swept) -> Swept:
-    text = "sweep"
+    text = "XXsweepXX"
     return swept
"""
TOLD = Mutant("shared.sweep.Sweeper._told", ('text = "sweep"',), ('text = "XXsweepXX"',))


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("shared.sweep.xǁSweeperǁ_told__mutmut_3", "shared.sweep.Sweeper._told"),
        ("shared.sweep.x__turn__mutmut_12", "shared.sweep._turn"),
        ("shared.decision.x_decide__mutmut_1", "shared.decision.decide"),
    ],
)
def test_a_mutant_has_a_place(name: str, where: str) -> None:
    assert place(name) == where


def test_what_is_no_name_of_a_mutant_is_told() -> None:
    with pytest.raises(ValueError, match="not a mutant"):
        place("shared.sweep")


def test_a_mutant_is_its_lines() -> None:
    assert mutant_of("shared.sweep.xǁSweeperǁ_told__mutmut_3", DIFF) == TOLD


@pytest.mark.parametrize(
    ("argument", "covers"),
    [
        (Argument(TOLD.where, "", "words"), True),
        (Argument(TOLD.where, TOLD.became[0], "words"), True),
        (Argument(TOLD.where, 'text = "other"', "words"), False),
        (Argument("shared.sweep.Sweeper.sweep", "", "words"), False),
    ],
)
def test_an_argument_speaks_of_a_function_or_of_one_line(argument: Argument, covers: bool) -> None:
    assert unargued([TOLD], [argument]) == (([], []) if covers else ([TOLD], [argument]))


def test_one_argument_may_speak_of_several_survivors() -> None:
    text = """
    [[argued]]
    because = "words"
    survivors."a.b" = []
    survivors."a.c" = ["x = 1", "x = 2"]
    """
    assert [(one.where, one.became) for one in read_arguments(text)] == [
        ("a.b", ""),
        ("a.c", "x = 1"),
        ("a.c", "x = 2"),
    ]


def test_every_argument_is_one() -> None:
    assert all(len(argument.because) > 20 for argument in read_arguments(ARGUED.read_text(encoding="utf-8")))
