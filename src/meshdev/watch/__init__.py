"""Floor 2: file watching; the only place that imports watchfiles.

`patterns` which files a watch wants, `ignore` what never counts, `quiet` when a storm is over (all without a clock of
their own), `tree` which folders must be watched for that, `notify` who tells us of changes, `watcher` the shell.
"""
