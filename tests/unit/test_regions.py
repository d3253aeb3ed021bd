"""The literal list of regions is the library's, and reading it does not load the library."""

import subprocess
import sys

import phonenumbers

from shared.regions import SUPPORTED_REGIONS


def test_the_list_is_the_librarys() -> None:
    assert frozenset(phonenumbers.SUPPORTED_REGIONS) == SUPPORTED_REGIONS


def test_reading_the_list_does_not_import_libphonenumber() -> None:
    check = "import sys, shared.regions; sys.exit('phonenumbers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
