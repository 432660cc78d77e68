/** The whole of the page's look. A browser takes it by its hash, which the page's policy names. */
export const STYLE = `
:root { color-scheme: light dark; --back: #fff; --text: #1b1f24; --dim: #57606a; --line: #d5dae0; --panel: #f6f8fa;
  --good: #116329; --warning: #7d4e00; --bad: #b3151c; --mark: #0b5fb8; }
@media (prefers-color-scheme: dark) { :root { --back: #0f1318; --text: #e6eaef; --dim: #9aa5b1; --line: #313943;
  --panel: #171c23; --good: #56c271; --warning: #e0a83c; --bad: #ff7b75; --mark: #6cb2f7; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; background: var(--back); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; border-bottom: 1px solid var(--line); }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; }
h2 { font-size: 1.15rem; margin: 1.75rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1rem 0 .5rem; }
h4 { margin: 0; }
p { margin: .5rem 0; }
.dim, footer { color: var(--dim); font-size: .875rem; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .375rem; }
.scroll:focus-visible, summary:focus-visible { outline: 2px solid var(--mark); outline-offset: 1px; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { padding: .4rem .75rem; text-align: left; vertical-align: middle; border-top: 1px solid var(--line);
  overflow-wrap: normal; }
thead th { border-top: 0; background: var(--panel); color: var(--dim); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 600; min-width: 8rem; max-width: 22rem; overflow-wrap: anywhere; }
td:last-child { max-width: 28rem; overflow-wrap: anywhere; }
.state { font-weight: 600; }
td .state { white-space: nowrap; }
.state::before { content: "● "; }
.good { color: var(--good); }
.warning { color: var(--warning); }
.warning::before { content: "▲ "; }
.bad { color: var(--bad); }
.bad::before { content: "■ "; }
.neutral { color: var(--dim); }
.neutral::before { content: "○ "; }
code, pre { font: .875rem/1.45 ui-monospace, monospace; }
pre { margin: .25rem 0; white-space: pre-wrap; }
.conflict { border-left: 4px solid var(--bad); background: var(--panel); padding: .75rem 1rem; margin: .5rem 0; }
dl { margin: .5rem 0 0; display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
dt { color: var(--dim); }
dd { margin: 0; }
details { border: 1px solid var(--line); border-radius: .375rem; padding: .5rem .75rem; margin: .5rem 0; }
summary { cursor: pointer; }
.diff { list-style: none; margin: .5rem 0 0; padding: 0; }
.diff li { padding: .2rem 0; }
.sparkline { width: 7.5rem; height: 1.5rem; display: inline-block; vertical-align: middle; }
.sparkline polyline { fill: none; stroke: var(--mark); stroke-width: 1.5; stroke-linejoin: round;
  stroke-linecap: round; vector-effect: non-scaling-stroke; }
.figure strong { font-size: 1.5rem; margin-right: 1rem; }
meter { width: 5rem; }
footer { margin-top: 2rem; border-top: 1px solid var(--line); padding-top: .5rem; }
`;
