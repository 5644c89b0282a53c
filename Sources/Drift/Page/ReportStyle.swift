/// The style sheet of a report page: light and dark, no network.
enum ReportStyle {
    static let sheet: StaticString = """
        :root{color-scheme:light dark;--page:#fcfcfb;--panel:#fff;--raised:#f4f4f1;--line:#e6e5e0;--ink:#1b1d20;\
        --ink2:#4b4f56;--ink3:#6a6f78;--accent:#2a57c0;--good:#1d7f53;--good-wash:#e8f5ee;--warn:#96610a;\
        --warn-wash:#fdf4e0;--bad:#bd342b;--bad-wash:#fcecea;--idle-wash:#efefeb;--ghost:#c3c7cd}
        @media (prefers-color-scheme:dark){:root{--page:#121417;--panel:#171a1e;--raised:#1e2226;--line:#2b3036;\
        --ink:#e6e8ea;--ink2:#b3b8bf;--ink3:#8b929b;--accent:#82a7ff;--good:#5cc793;--good-wash:#14291f;--warn:#e0ab4b;\
        --warn-wash:#2d2412;--bad:#f0847a;--bad-wash:#331b19;--idle-wash:#23272c;--ghost:#4d545d}}
        *{box-sizing:border-box}
        body{margin:0 auto;max-width:1120px;padding:24px;background:var(--page);color:var(--ink);\
        font:14px/1.45 Inter,-apple-system,"Segoe UI",Roboto,"Noto Sans",Arial,sans-serif;font-variant-numeric:tabular-nums}
        h1{font-size:22px;line-height:1.25;margin:0 0 4px}h2{font-size:16px;margin:32px 0 10px}h3{font-size:14px;margin:0}
        p{margin:4px 0}.dim{color:var(--ink3)}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin:16px 0 0;padding:0}
        .tile{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:10px 12px}
        .tile dt{color:var(--ink3);font-size:12px}.tile dd{margin:0;font-size:18px;font-weight:600}
        .badge{display:inline-block;border-radius:999px;padding:1px 9px;font-size:12px;font-weight:600;\
        background:var(--idle-wash);color:var(--ink2)}
        .badge.drift{background:var(--bad-wash);color:var(--bad)}.badge.ok{background:var(--good-wash);color:var(--good)}
        .badge.warning{background:var(--warn-wash);color:var(--warn)}
        .scroll{overflow-x:auto}
        table{border-collapse:collapse;width:100%;background:var(--panel);border:1px solid var(--line)}
        th,td{text-align:left;padding:6px 10px;border-bottom:1px solid var(--line);vertical-align:top}
        th{font-size:12px;color:var(--ink3);font-weight:600;white-space:nowrap}tr:last-child td{border-bottom:0}
        td.n,th.n{text-align:right;white-space:nowrap}td.name{overflow-wrap:anywhere;font-weight:600}
        .cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,340px),1fr));gap:12px}
        .card{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:12px;min-width:0}
        .card header{display:flex;justify-content:space-between;gap:8px;align-items:start}
        .card h3{overflow-wrap:anywhere}.card table{border:0;margin-top:6px;font-size:12px}
        .card td,.card th{padding:2px 6px}
        svg{display:block;width:100%;height:auto;margin-top:8px;overflow:visible}
        svg .r{fill:var(--ghost)}svg .c{fill:none;stroke:var(--accent);stroke-width:1.6}svg .cb{fill:var(--accent)}
        svg .a{stroke:var(--line);fill:none}svg .t{stroke:var(--bad);stroke-dasharray:4 3;fill:none}
        svg text{fill:var(--ink3);font-size:10px}svg .d{fill:var(--bad)}svg .o{fill:var(--accent)}
        .key{display:flex;gap:14px;font-size:12px;color:var(--ink2)}
        .key i{display:inline-block;width:10px;height:10px;margin-right:5px;border-radius:2px;background:var(--ghost)}
        .key i.c{background:var(--accent)}
        details{margin-top:6px;font-size:12px}summary{cursor:pointer;color:var(--ink2)}
        a{color:var(--accent)}footer{margin-top:32px;color:var(--ink3);font-size:12px}
        @media print{body{max-width:none;padding:0}.card{break-inside:avoid}}
        """
}
