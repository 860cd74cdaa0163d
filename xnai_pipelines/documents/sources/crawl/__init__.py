"""A web site as a source of documents.

Read `crawler.py` first, which visits the pages: `frontier.py` remembers them, `polite.py` asks for one as the site
allows, `http.py` fetches it within limits, and `page.py`, `sitemap.py` and `urls.py` read what came.
"""
