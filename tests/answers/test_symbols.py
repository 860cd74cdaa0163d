"""The line at the head of a section of reference documentation tells how to call or type what it is about."""

import pytest

from xnai_pipelines.answers.symbols import LONGEST, is_signature


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("`copytree(src, dst, symlinks=False)`", "copytree"),
        ("`copytree(src, dst)`", "`copytree()`"),
        ("`Path.home()`", "home"),
        ("`Decoder.__init__(self, strict=True)`", "init"),
        ("`shutil.copytree(src, dst)`", "shutil.copytree(src, dst, ...)"),
        ("``std::sort(first, last)``", "sort"),
        ("`copytree(\n    src,\n    dst,\n)`", "copytree"),
        ("```python\nasync def fetch(url: str) -> bytes: ...\n```", "fetch"),
        ("~~~\npublic static int parseInt(String s)\n~~~", "Integer#parseInt"),
        ("    class Popen(args, bufsize=-1)", "Popen"),
        ("```sh\n$ git remote add NAME URL\n```", "git remote add"),
        ("`tar [OPTION...] [FILE...]`", "tar"),
        ("csv_reader = reader(iterable [, dialect='excel']\n  [keyword args])\n  for row in csv_reader:", "reader"),
        ("shutil.copytree(src, dst) -> path", "copytree"),
    ],
)
def test_code_that_calls_or_types_what_the_heading_names_is_a_signature(text: str, title: str):
    assert is_signature(text, title, indented=text.startswith("  "))


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Recursively copy a directory tree.", "copytree"),
        ("copytree(src, dst) copies a tree.", "copytree"),
        ("copytree(src, dst): a tree is copied.", "copytree"),
        ("`copy` and `copytree(src, dst)`", "copytree"),
        ("`copytree`", "copytree"),
        ("`copytree(src, dst)`", "copy"),
        ("`copytree(src, dst)`", "tree"),
        ("`copytree(src, dst)`", "Directories"),
        ("```sh\npip install shutil\n```", "install"),
        ("`copytree(src, dst)`", ""),
        ("`copytree(src, dst)`", "."),
        ("`home()`", "How you get the home of a user"),
        (f"`copytree({'x' * LONGEST})`", "copytree"),
    ],
)
def test_other_code_and_prose_are_not(text: str, title: str):
    assert not is_signature(text, title, indented=False)
