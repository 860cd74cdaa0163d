"""Messages, and what travels with them: mailboxes, Outlook's files, contacts and calendars.

Read `messages.py` first, then `parts.py`, which reads or counts every part of a message. `outlook.py` reads the same
from the files of Outlook.
"""
