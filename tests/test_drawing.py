"""Plots of names in any script: no warning, and letters that another installed font has are drawn with it."""

import warnings

from matplotlib.figure import Figure

from xnai_pipelines.drawing import png


def test_a_label_in_a_script_that_no_font_has_is_drawn_without_a_warning():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        figure = Figure(figsize=(2, 1))
        figure.subplots().set_yticks([0, 1], ["李明", "a \U0010fffd"])  # the last one is for private use: in no font
        assert png(figure, "王芳").startswith(b"\x89PNG")
    assert [str(one.message) for one in caught] == []


def test_a_letter_that_the_font_of_plots_lacks_is_drawn_with_an_installed_font_that_has_it():
    figure = Figure(figsize=(2, 1))
    label = figure.text(0.5, 0.5, "\ue141")  # in STIX, which comes with Matplotlib
    plain = figure.text(0.5, 0.1, "plain")
    png(figure, "Title")
    assert (label.get_fontfamily()[0], plain.get_fontfamily()) == ("sans-serif", ["sans-serif"])
    assert len(label.get_fontfamily()) == 2
