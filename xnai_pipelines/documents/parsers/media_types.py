"""The media types of files that are read, and the extensions that promise each of them."""

PDF = "application/pdf"
_OPEN_XML = "application/vnd.openxmlformats-officedocument."
DOCX = f"{_OPEN_XML}wordprocessingml.document"
PPTX = f"{_OPEN_XML}presentationml.presentation"
XLSX = f"{_OPEN_XML}spreadsheetml.sheet"
PARQUET = "application/vnd.apache.parquet"
HTML = "text/html"
MAIL = "message/rfc822"
MAILBOX = "application/mbox"
CALENDAR = "text/calendar"
ZIP = "application/zip"
TAR = "application/x-tar"
GZIP = "application/gzip"
BZIP2 = "application/x-bzip2"
XZ = "application/x-xz"
PLAIN = "text/plain"
CSV = "text/csv"
JSON = "application/json"
JSON_LINES = "application/jsonl"
RTF = "application/rtf"
EPUB = "application/epub+zip"
_OPENDOCUMENT = "application/vnd.oasis.opendocument."
OPENDOCUMENT = {
    extension: f"{_OPENDOCUMENT}{kind}"
    for extension, kind in (
        (".odt", "text"),
        (".ods", "spreadsheet"),
        (".odp", "presentation"),
        (".odg", "graphics"),
    )
}
FLAT_OPENDOCUMENT = f"{_OPENDOCUMENT}flat+xml"
DOC = "application/msword"
XLS = "application/vnd.ms-excel"
PPT = "application/vnd.ms-powerpoint"
MSG = "application/vnd.ms-outlook"
XML = "application/xml"
LATEX = "text/x-tex"
ASCIIDOC = "text/asciidoc"
ORG = "text/x-org"
ROFF = "text/troff"
YAML = "application/yaml"
TOML = "application/toml"
VCARD = "text/vcard"
SUBRIP = "application/x-subrip"
WEBVTT = "text/vtt"

OFFICE_FORMATS = {
    **dict.fromkeys((".docx", ".docm", ".dotx", ".dotm"), DOCX),
    **dict.fromkeys((".pptx", ".pptm", ".ppsx", ".ppsm", ".potx", ".potm"), PPTX),
    **dict.fromkeys((".xlsx", ".xlsm", ".xltx", ".xltm"), XLSX),
}
OLD_OFFICE_FORMATS = {
    **dict.fromkeys((".doc", ".dot"), DOC),
    **dict.fromkeys((".xls", ".xlt"), XLS),
    **dict.fromkeys((".ppt", ".pps", ".pot"), PPT),
    ".msg": MSG,
}
PACKAGE_FORMATS = {
    **OFFICE_FORMATS,
    **OPENDOCUMENT,
    **{extension.replace(".od", ".ot"): media_type for extension, media_type in OPENDOCUMENT.items()},
    ".epub": EPUB,
}
ARCHIVES = {
    ".zip": ZIP,
    ".tar": TAR,
    **dict.fromkeys((".gz", ".tgz"), GZIP),
    **dict.fromkeys((".bz2", ".tbz2", ".tbz"), BZIP2),
    **dict.fromkeys((".xz", ".txz"), XZ),
}
BINARY_FORMATS = {
    ".pdf": PDF,
    ".parquet": PARQUET,
    ".rtf": RTF,
    **PACKAGE_FORMATS,
    **OLD_OFFICE_FORMATS,
    **ARCHIVES,
}
TEXT_FORMATS = {
    **dict.fromkeys((".md", ".markdown", ".mdx"), "text/markdown"),
    ".rst": "text/x-rst",
    **dict.fromkeys((".txt", ".text", ".log"), PLAIN),
    **dict.fromkeys((".adoc", ".asciidoc"), ASCIIDOC),
    ".org": ORG,
    **dict.fromkeys((".man", ".mdoc", ".roff"), ROFF),
    **dict.fromkeys((".tex", ".ltx", ".latex"), LATEX),
    ".srt": SUBRIP,
    ".vtt": WEBVTT,
    **dict.fromkeys((".vcf", ".vcard"), VCARD),
    **dict.fromkeys(
        (".xml", ".dita", ".ditamap", ".dbk", ".fb2", ".rss", ".atom", ".kml", ".gpx", ".tei", ".xlf", ".tmx"), XML
    ),
    **dict.fromkeys((".fodt", ".fods", ".fodp", ".fodg"), FLAT_OPENDOCUMENT),
    **dict.fromkeys((".yaml", ".yml"), YAML),
    ".toml": TOML,
    **dict.fromkeys((".html", ".htm", ".xhtml"), HTML),
    ".csv": CSV,
    ".tsv": "text/tab-separated-values",
    ".json": JSON,
    **dict.fromkeys((".jsonl", ".ndjson"), JSON_LINES),
    ".ipynb": "application/x-ipynb+json",
    **dict.fromkeys((".eml", ".mht", ".mhtml"), MAIL),
    **dict.fromkeys((".mbox", ".mbx"), MAILBOX),
    **dict.fromkeys((".ics", ".ical"), CALENDAR),
    **dict.fromkeys((".py", ".pyi"), "text/x-python"),
}
_CODE = (
    "asm bash bat c cc cfg clj cljs cmake conf cpp cs css cu cxx d dart diff dockerfile el elm erl ex exs "
    "f90 fish fs fsx go gradle graphql groovy h hcl hh hpp hs hxx ini ipp java jl js jsx kt kts less lisp "
    "lua m mk ml mli mm nim nix patch php pl pm proto ps1 psm1 r rb rs sass scala scm scss sh sol sql svelte "
    "swift tcl tf ts tsx v vb vhdl vue xsd xsl xslt zig zsh"
)
TEXT_FORMATS.update({f".{extension}": f"text/x-{extension}" for extension in _CODE.split()})
MEDIA_TYPES = {extension[1:]: media_type for extension, media_type in {**BINARY_FORMATS, **TEXT_FORMATS}.items()}
"""The media type that each extension promises."""
