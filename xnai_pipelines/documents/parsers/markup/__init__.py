"""Text with marks in it: Markdown, reStructuredText, AsciiDoc, HTML, EPUB, LaTeX, XML, source code, subtitles.

One module per format; `html_*` and `latex_*` are parts of `html.py` and `latex.py`. Read `markdown.py` first: the
formats that are not kept as written become Markdown.
"""
