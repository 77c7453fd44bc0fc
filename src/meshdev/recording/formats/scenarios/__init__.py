"""A recording as a pytest module that a colleague wants to keep: one test for each scenario.

| where | what |
|---|---|
| `entries` | which calls a test makes (those from outside), and what happened behind them |
| `values` | what requests say and what answers bring: ids, tokens, places |
| `chains` | calls that belong together: a trace, a session, an id that an answer brought and a later request uses |
| `names` | names of tests and variables |
| `answers` | what a test asserts of an answer |
| `steps` | a scenario as statements |
| `write` | the module |
"""
