/*
 * The page's look, light and dark, on a screen and on paper. Colours have a
 * contrast of 4.5 to 1 and more to what is behind them (WCAG 2.2, 1.4.3).
 */
#ifndef KR_REPORT_STYLE_H
#define KR_REPORT_STYLE_H

#define REPORT_STYLE                                                           \
	":root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--soft:#57606a;" \
	"--line:#d0d7de;--card:#f6f8fa;--good:#116329;--bad:#a40e26;"          \
	"--care:#7d4e00;--data:#0550ae;--link:#0550ae}"                        \
	"@media(prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#e6edf3;"   \
	"--soft:#9da7b3;--line:#3d444d;--card:#161b22;--good:#56d364;"         \
	"--bad:#ff938a;--care:#e3b341;--data:#79c0ff;--link:#79c0ff}}"         \
	"*{box-sizing:border-box}"                                             \
	"body{margin:0;background:var(--bg);color:var(--fg);"                  \
	"font:16px/1.5 system-ui,sans-serif}"                                  \
	"header,main,footer,nav{max-width:68rem;margin:0 auto;"                \
	"padding:0 1.25rem}"                                                   \
	"header{padding-top:2rem}"                                             \
	"h1{font-size:1.6rem;line-height:1.25;margin:0 0 .5rem;"               \
	"overflow-wrap:anywhere}"                                              \
	"h2{font-size:1.2rem;margin:2.25rem 0 .5rem;padding-bottom:.25rem;"    \
	"border-bottom:1px solid var(--line)}"                                 \
	"h3{font-size:1rem;margin:1.25rem 0 .25rem}"                           \
	"p{margin:.5rem 0;overflow-wrap:anywhere}"                             \
	"a{color:var(--link)}"                                                 \
	"nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1rem;"  \
	"padding:0;margin:1rem 0 0}"                                           \
	".skip{position:absolute;left:-99rem}"                                 \
	".skip:focus{left:1rem;top:.5rem;background:var(--bg);padding:.5rem}"  \
	":focus-visible{outline:2px solid var(--link);outline-offset:2px}"     \
	".wide{overflow-x:auto;margin:.75rem 0 1.25rem}"                       \
	"table{border-collapse:collapse;width:100%;font-size:.875rem}"         \
	"caption{text-align:left;color:var(--soft);padding:.25rem 0}"          \
	"th,td{text-align:left;vertical-align:top;padding:.35rem .6rem .35rem" \
	" 0;border-bottom:1px solid var(--line);font-weight:400}"              \
	"thead th{color:var(--soft);font-weight:600;white-space:nowrap}"       \
	"tbody th{font-weight:600;overflow-wrap:anywhere;min-width:8rem}"      \
	"td{overflow-wrap:anywhere}"                                           \
	"time,.id{white-space:nowrap}"                                         \
	".n{white-space:nowrap;"                                               \
	"font-variant-numeric:tabular-nums}"                                   \
	"code{font:.92em/1.4 ui-monospace,monospace}"                          \
	".soft{color:var(--soft)}.good{color:var(--good)}"                     \
	".bad{color:var(--bad)}.care{color:var(--care)}"                       \
	".state{white-space:nowrap;font-weight:600}"                           \
	"header .state{display:inline-block;border:2px solid;"                 \
	"border-radius:1rem;padding:.05rem .8rem}"                             \
	"pre{background:var(--card);border:1px solid var(--line);"             \
	"border-radius:6px;padding:.5rem .75rem;margin:.5rem 0;"               \
	"white-space:pre-wrap;overflow-wrap:anywhere}"                         \
	"figure{margin:1rem 0 1.5rem}figcaption{font-weight:600}"              \
	"svg{display:block;width:100%;height:auto;color:var(--fg)}"            \
	"svg text{font:12px system-ui,sans-serif;fill:var(--soft);"            \
	"paint-order:stroke;stroke:var(--bg);stroke-width:4px}"                \
	".grid{stroke:var(--line)}.axis{stroke:var(--soft)}"                   \
	".data{fill:none;stroke:var(--data);stroke-width:2;"                   \
	"stroke-linejoin:round}.dot{fill:var(--data)}"                         \
	".limit{stroke:var(--bad);stroke-width:2;stroke-dasharray:8 4}"        \
	".base{stroke:var(--soft);stroke-width:2;stroke-dasharray:2 4}"        \
	".over{fill:none;stroke:var(--bad);stroke-width:2}"                    \
	".none{stroke:var(--care);stroke-width:3}"                             \
	"svg text.t-limit{fill:var(--bad)}svg text.t-none{fill:var(--care)}"   \
	"footer{color:var(--soft);font-size:.875rem;margin-top:3rem;"          \
	"padding-bottom:2rem}"                                                 \
	"@media print{@page{size:A4;margin:15mm}"                              \
	":root{color-scheme:light;--bg:#fff;--fg:#000;--soft:#444;"            \
	"--line:#bbb;--card:#fff;--good:#116329;--bad:#a40e26;"                \
	"--care:#7d4e00;--data:#0550ae;--link:#000}"                           \
	"body{font-size:10pt}nav,.skip{display:none}"                          \
	"header,main,footer{max-width:none;padding:0}"                         \
	".wide{overflow:visible}h2,h3,caption,figcaption{break-after:avoid}"   \
	"tr,figure,pre{break-inside:avoid}thead{display:table-header-group}"   \
	"details:not([open]){display:none}"                                    \
	"table{font-size:8.5pt}time{white-space:normal}}"

#endif
