"""Alerts: messages to people, in a log and to a webhook.

Read `alert.py` first, what an alert and its delivery are; `send.py` sends one unless it was sent recently, and
`webhook.py` writes it as chat systems read it.
"""
