"""One file for each protocol: a foreign client that works and counts what it does, by the routes it should be told by.

``work(port, going)`` works in rounds while ``going()`` holds, says goodbye, and returns the count of each route.
"""
