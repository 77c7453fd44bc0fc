"""The style sheet of the report's page: light and dark by what the reader's system prefers."""

STYLE = """
:root { color-scheme: light dark; --ink: #1c2330; --dim: #667085; --back: #fbfbfd; --card: #fff; --edge: #d7dce5;
  --good: #18794e; --wrong: #c62a2f; --rate: #2f6fdb; --slow: #a15c00; --fault: #c62a2f22; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --dim: #98a2b3; --back: #12151b; --card: #1a1f28;
  --edge: #333b49; --good: #4cc38a; --wrong: #ff7b80; --rate: #7aa7ff; --slow: #f0b45a; --fault: #ff7b8026; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 72rem; background: var(--back); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; }
h3 { font-size: .95rem; margin: 1rem 0 .2rem; font-weight: 600; } p { margin: .3rem 0; }
h1 span { font-size: 1rem; vertical-align: middle; border: 1px solid; border-radius: 99px; padding: .15rem .7rem; }
.good { color: var(--good); } .wrong { color: var(--wrong); } .hypothesis { font-size: 1.05rem; }
.note { color: var(--slow); } .legend, footer { color: var(--dim); } footer { margin-top: 3rem; font-size: .85rem; }
dl { display: flex; flex-wrap: wrap; gap: .4rem 2rem; margin: 1rem 0 0; } dt { color: var(--dim); font-size: .8rem; }
dd { margin: 0; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; background: var(--card); border: 1px solid var(--edge); border-radius: 8px; margin: .6rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .82rem; font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--dim); font-weight: 500; } th, td { padding: .4rem .5rem; white-space: nowrap; }
td:nth-child(2) { white-space: normal; } tbody tr { border-top: 1px solid var(--edge); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: .6rem; }
.charts svg { width: 100%; background: var(--card); border: 1px solid var(--edge); border-radius: 8px; }
svg text { font: 9px system-ui, sans-serif; fill: var(--dim); } svg .value { text-anchor: end; }
polyline { fill: none; stroke-width: 1.6; stroke-linejoin: round; } .axis { stroke: var(--edge); }
polyline.rate { stroke: var(--rate); } polyline.bad { stroke: var(--wrong); } polyline.slow { stroke: var(--slow); }
rect.fault { fill: var(--fault); } .broke { stroke: var(--wrong); stroke-dasharray: 2 2; }
svg.graph { display: block; width: 100%; } .graph text { font-size: 11px; text-anchor: middle; fill: var(--ink); }
.graph g rect { fill: var(--card); stroke: var(--edge); stroke-width: 1.3; }
.graph g.hurt rect { stroke: var(--wrong); stroke-width: 2; fill: var(--fault); }
.graph g.struck rect { stroke: var(--slow); stroke-width: 2; stroke-dasharray: 4 2; }
.graph path { fill: none; stroke: var(--edge); stroke-width: 1.4; } .graph path.worse { stroke: var(--wrong); }
.graph path.struck { stroke: var(--slow); stroke-width: 2.4; stroke-dasharray: 5 3; }
.key { border: 1px solid; border-radius: 4px; padding: 0 .4rem; } .key.hurt { color: var(--wrong); }
.key.struck { color: var(--slow); border-style: dashed; }
"""
