"""Binary files of Word, Excel and PowerPoint before 2007, and Rich Text Format.

Word, PowerPoint and RTF are read here from their specifications, Excel with xlrd. Read `rtf.py` first, then `word.py`;
`written.py` is what both write to, and `ole.py` opens the containers of the others.
"""
