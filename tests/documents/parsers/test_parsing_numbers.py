"""A number of a spreadsheet reads as its format shows it."""

from datetime import timedelta

import pytest

from xnai_pipelines.documents.parsers.office.number_formats import shown

ACCOUNTING = '_(* #,##0.00_);_(* \\(#,##0.00\\);_(* "-"??_);_(@_)'
BY_SIZE = '[>=1000000]0.0,,"M";[>=1000]0,"k";0'


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (1234.5, ACCOUNTING, "1,234.50"),
        (True, "General", "TRUE"),
        (-1234.5, ACCOUNTING, "(1,234.50)"),
        (0, ACCOUNTING, "-"),
        (1234567, '#,##0,"k"', "1,235k"),
        (1234567, BY_SIZE, "1.2M"),
        (4500, BY_SIZE, "5k"),
        (5, BY_SIZE, "5"),
        (1234567, '#,##0;"n/a"', "1,234,567"),
        (-3, '#,##0;"n/a"', "n/a"),
        (1234.5, '#,##0.00;[Red]"(loss; net)"', "1,234.50"),
        (0, '"Yes";;"No"', "No"),
        (1234.5, '0.00 "EUR"', "1234.50 EUR"),
        (-12.5, "[$€-407] #,##0.00", "-€ 12.50"),
        (7, 'General" kg"', "7 kg"),
        (12, "0000", "0012"),
        (2125551234, "(000) 000-0000", "(212) 555-1234"),
        (3.1, "0.##", "3.1"),
        (timedelta(days=1, hours=12, minutes=5), "[h]:mm", "36:05"),
        (-timedelta(minutes=5, seconds=7), "[h]:mm:ss", "-0:05:07"),
        ("one_x000D_two", "General", "one\rtwo"),
        (1.005, "0.00", "1.01"),
        (0.07, "0%", "7 %"),
        (0.153, "0%", "15.3 %"),
        (3.7, "0", "3.7"),
        (7, ";;;", "7"),
        (44000, "yyyy/mm/dd", "44000"),
        (0.5, "# ?/?", "0.5"),
        (float("nan"), "0.00", "nan"),
    ],
)
def test_a_number_reads_as_the_section_of_its_format_shows_it(value: float, number_format: str, text: str):
    assert shown(value, number_format) == text
