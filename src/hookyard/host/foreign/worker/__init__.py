"""Python plugins in processes of their own: how such a process is started, and what it and the server say.

Nothing is imported here: the process itself needs the messages, and should start fast.
"""
