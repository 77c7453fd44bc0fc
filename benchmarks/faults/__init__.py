"""``python -m benchmarks faults``: toggling under load, and how exactly faults do what was asked.

| file | what is in it |
|---|---|
| `echo` | the service: says what it hears, over TCP and HTTP |
| `system` | a project with that service under a real daemon |
| `streams` | load whose every byte is checked |
| `toggling` | faults on and off at random under that load |
| `accuracy` | asked against measured: delay, rate, percentage; what a fault costs |
| `command` | what is run, printed and written |
"""
