"""Messages to chats and by mail as a Hookyard plugin."""

from hookyard import Plugin

plugin = Plugin("notify")
