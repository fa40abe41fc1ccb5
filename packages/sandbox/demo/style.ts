/** How the demo's page looks: by day, by night, on paper, on a telephone. Nothing is fetched. */
export const STYLE = `
:root { color-scheme: light dark;
  --text: #1f2328; --soft: #59636e; --line: #d1d9e0; --page: #fff; --panel: #f6f8fa; --link: #0550ae;
  --good: #1a7f37; --bad: #cf222e; --warn: #9a6700; --ok: #6e9fd4; --failed: #d1242f;
  --r0: #c8dcf2; --r1: #ffd8b5; --r2: #e3d2f5; --r3: #cdeac9 }
@media (prefers-color-scheme: dark) { :root {
  --text: #e6edf3; --soft: #9198a1; --line: #3d444d; --page: #0d1117; --panel: #161b22; --link: #79b8ff;
  --good: #4ac26b; --bad: #ff7b72; --warn: #d29922; --ok: #3f78b5; --failed: #f0524a;
  --r0: #1d3a5c; --r1: #6b3a12; --r2: #432d63; --r3: #1f4a26 } }
* { box-sizing: border-box }
html { scroll-padding-top: 1rem }
body { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; color: var(--text); background: var(--page);
  margin: 0 auto; max-width: 76rem; padding: 1rem 1.25rem 4rem; overflow-wrap: anywhere }
h1 { font-size: 1.7rem; line-height: 1.2; margin: .5rem 0 .25rem } h2 { font-size: 1.3rem; border-bottom: 1px solid var(--line); padding-bottom: .3rem; margin: 2.5rem 0 1rem }
h3 { font-size: 1.1rem; margin: 1.75rem 0 .5rem } h4 { font-size: 1rem; margin: 1rem 0 .5rem } h5 { font-size: .98rem; margin: 1.25rem 0 .4rem } h6 { font-size: .88rem; margin: .9rem 0 .3rem; color: var(--soft) }
p { margin: .4rem 0; max-width: 90ch } a { color: var(--link) } ul, ol { margin: .3rem 0; padding-left: 1.3rem }
.lead { color: var(--soft) } .good { color: var(--good) } .bad { color: var(--bad) } .took, .who, figcaption, time { color: var(--soft) } .took { font-size: .85em; white-space: nowrap }
.verdict { max-width: none; display: flex; gap: .6rem; align-items: center; font-size: 1.15rem; font-weight: 600; border: 1px solid var(--line); border-left: 6px solid var(--good); border-radius: 6px; padding: .6rem .9rem; margin: .8rem 0; background: var(--panel) }
.verdict.bad { border-left-color: var(--bad); color: inherit }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1rem }
.card { border: 1px solid var(--line); border-radius: 6px; padding: .2rem 1rem 1rem } .card h2 { border: 0; margin: .7rem 0 .2rem; padding: 0; font-size: 1.1rem }
.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(7.4rem, 1fr)); gap: .5rem; margin: .8rem 0 0 }
.numbers div { background: var(--panel); border-radius: 6px; padding: .4rem .65rem } .numbers dt { color: var(--soft); font-size: .8rem; line-height: 1.3 } .numbers dd { margin: 0; font-size: 1.15rem; font-weight: 600 } .numbers small { display: block; font-weight: 400; font-size: .8rem; color: var(--soft) }
.box { overflow-x: auto; margin: .4rem 0 1rem; max-width: 100% } .box:focus-visible { outline: 2px solid var(--link); outline-offset: 2px }
table { border-collapse: collapse; overflow-wrap: normal } th, td { border: 1px solid var(--line); padding: .3rem .65rem; text-align: left; vertical-align: top; min-width: 3rem; max-width: 32rem }
td, th[scope=row] { overflow-wrap: break-word } thead th { background: var(--panel) } th[scope=row] { font-weight: 600 }
pre { background: var(--panel); border-radius: 6px; padding: .7rem .9rem; white-space: pre-wrap; font: 13px/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace }
nav ul { columns: auto } nav .steps { padding: 0; list-style: none; display: inline } nav .steps li { display: inline; color: var(--soft); font-size: .9em } nav .steps li:not(:last-child)::after { content: " · " }
section.job { border: 1px solid var(--line); border-radius: 6px; padding: 0 1rem .6rem; margin: .8rem 0 } article { border-top: 1px solid var(--line) } article:target { outline: 2px solid var(--link); outline-offset: 4px }
ol.timeline { list-style: none; padding: 0 } .timeline > li { display: grid; grid-template-columns: 3.6rem 6rem 1fr; gap: .1rem .6rem; padding: .22rem 0; border-top: 1px solid var(--line) }
.timeline ul { padding-left: 1rem; margin: 0; columns: 26rem 2 } .timeline li.aws { color: var(--soft); font-size: .92em } .timeline li.customers, .timeline li.visitors { background: var(--panel) } time { font-variant-numeric: tabular-nums }
figure { margin: 1rem 0 } figcaption { font-size: .88rem; max-width: 90ch } .key { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; padding: 0; margin: .3rem 0; list-style: none; font-size: .85rem; color: var(--soft) } .key i { display: inline-block; width: .8rem; height: .8rem; border-radius: 2px; margin-right: .35rem; vertical-align: -1px }
i.ok { background: var(--ok) } i.failed { background: var(--failed) } i.r0 { background: var(--r0) } i.r1 { background: var(--r1) } i.r2 { background: var(--r2) } i.r3 { background: var(--r3) }
svg.chart { display: block; width: 100%; min-width: 54rem; height: auto; font: 11px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif } svg.gantt { max-width: 54rem } .chart text { fill: var(--text) } .chart .name, .chart .axis text, .chart text.axis { fill: var(--soft) } .chart text.section { font-weight: 600 }
.chart .grid { stroke: var(--line); stroke-width: 1 } .chart .ok { fill: var(--ok) } .chart .failed { fill: var(--failed) } .checks { list-style: none; padding: 0 } .chart .none { fill: var(--soft); font-style: italic }
.r0 { fill: var(--r0) } .r1 { fill: var(--r1) } .r2 { fill: var(--r2) } .r3 { fill: var(--r3) } .mark line { stroke: var(--soft); stroke-dasharray: 3 2; opacity: .85 } .mark.bad line { stroke: var(--bad) } .mark.good line { stroke: var(--good) } .mark.bad text { fill: var(--bad) } .mark.good text { fill: var(--good) } .chart a text { text-decoration: underline; text-decoration-color: var(--line); text-underline-offset: 2px }
.task { fill: var(--ok) } .task.done { fill: var(--good) } .task.crit { fill: var(--failed) } .task.active { fill: var(--warn) }
svg.sign { width: 1.05em; height: 1.05em; vertical-align: -.17em; flex: none } .sign circle { fill: var(--soft) } .sign path { fill: none; stroke: var(--page); stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round } .sign.yes circle { fill: var(--good) } .sign.no circle, .sign.stop circle { fill: var(--bad) } .sign.warn circle { fill: var(--warn) }
svg.bars { vertical-align: -2px; fill: var(--soft) }
@media (max-width: 36rem) { body { padding: .5rem .75rem 3rem } h1 { font-size: 1.35rem } .timeline > li { grid-template-columns: 3.2rem 1fr } .timeline > li > div, .timeline > li > ul { grid-column: 1 / -1 } .card { padding: .1rem .75rem .75rem } section.job { padding: 0 .6rem .4rem } .numbers { grid-template-columns: 1fr 1fr } table { font-size: .9rem } th[scope=row] { max-width: 9rem } }
@media print { :root { color-scheme: light; --text: #000; --soft: #444; --line: #bbb; --page: #fff; --panel: #f4f4f4; --link: #000; --good: #1a7f37; --bad: #cf222e; --ok: #6e9fd4; --r0: #c8dcf2; --r1: #ffd8b5; --r2: #e3d2f5; --r3: #cdeac9 }
  html { font-size: 11px } body { max-width: none; font-size: 1rem; padding: 0 } * { print-color-adjust: exact; -webkit-print-color-adjust: exact } .box { overflow: visible } svg.chart { min-width: 0 } figure, .card, tr, .timeline > li { break-inside: avoid } h2, h3, h4, h5, h6 { break-after: avoid } }
`
