"""Names that look alike, and versions that sort."""

import pytest

from center.capability.domain import precedence, skeleton


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("churn-1", "churn-l"),
        ("churn-i", "churn-l"),
        ("l0an", "loan"),
        ("digit-recognition", "digitrecognition"),
        ("a-b", "a--b"),
        ("modern", "modem"),
        ("vvave", "wave"),
        ("cla5s", "class"),
    ],
)
def test_names_that_the_eye_confuses_have_one_skeleton(left: str, right: str) -> None:
    assert skeleton(left) == skeleton(right)


def test_names_that_differ_to_the_eye_have_their_own() -> None:
    names = ["churn", "churns", "loan", "learn", "wave", "modal", "digit-recognition", "cell-kpi"]

    assert len({skeleton(name) for name in names}) == len(names)


def test_versions_sort_by_number_and_not_by_letter() -> None:
    versions = ["1.10.0", "1.9.0", "0.99.99", "2.0.0"]

    assert sorted(versions, key=precedence) == ["0.99.99", "1.9.0", "1.10.0", "2.0.0"]
