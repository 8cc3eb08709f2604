import pytest

from hookyard.host.admission import unmet


@pytest.mark.parametrize(
    ("requirement", "met"),
    [
        ("hookyard", True),
        ("hookyard>=0.1", True),
        ("hookyard>=0.1,<0.2", True),
        ("hookyard>=0.2", False),
        ("hookyard<0.1.5", False),
        ("hookyard<=0.1.5", True),
        ("hookyard>0.1.5", False),
        ("hookyard>0.1.4", True),
        ("hookyard==0.1.5", True),
        ("hookyard==0.1", False),
        ("hookyard==0.1.*", True),
        ("hookyard==0.2.*", False),
        ("hookyard!=0.1.5", False),
        ("hookyard!=0.1.*", False),
        ("hookyard~=0.1", True),
        ("hookyard~=0.1.2", True),
        ("hookyard~=0.0.9", False),
        ("hookyard~=0.1.6", False),
        ("Hookyard[s3] (>=0.1, <1)", True),
        ("hookyard (>=1)", False),
        ("hookyard>=9; python_version < '3'", True),
        ("hookyard>=1.0rc1", True),
        ("hookyard @ https://example.org/hookyard.whl", True),
        ("hookyard-extra>=9", True),
        ("requests>=9", True),
    ],
)
def test_a_requirement_on_hookyard_is_compared_with_its_version(requirement: str, *, met: bool) -> None:
    assert unmet([requirement], "0.1.5") == (None if met else requirement)


def test_the_first_unmet_of_several_is_told() -> None:
    assert unmet(["msgspec", "hookyard>=0.1", "hookyard>=0.3", "hookyard>=0.4"], "0.2.0.dev1") == "hookyard>=0.3"
