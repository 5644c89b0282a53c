/// A deployment as lists show it.
package struct DeploymentRow: Sendable {
    /// Its name.
    package var name: String
    /// What it follows, such as `models:/cancer@production`.
    package var follows: String
    /// The version that takes most traffic; empty before the first.
    package var version: String
    /// Its state's colour.
    package var tone: Tone
    /// Its state in words.
    package var state: String
    /// Requests per second now.
    package var rate: Double
    /// Requests per second over the last minutes, oldest first.
    package var history: [Double]
    /// 95 % of answers take at most this long, in seconds; nil without traffic.
    package var p95: Double?
    /// Share of requests that failed, 0 to 1; nil without traffic.
    package var errors: Double?
    /// The drift verdict's colour and words; nil without a monitor.
    package var drift: (tone: Tone, text: String)?
    /// Versions in the traffic; shown when there are several.
    package var share: [ShareBar.Part]

    /// Makes a row.
    package init(
        name: String,
        follows: String,
        version: String,
        tone: Tone,
        state: String,
        rate: Double,
        history: [Double] = [],
        p95: Double? = nil,
        errors: Double? = nil,
        drift: (tone: Tone, text: String)? = nil,
        share: [ShareBar.Part] = []
    ) {
        self.name = name
        self.follows = follows
        self.version = version
        self.tone = tone
        self.state = state
        self.rate = rate
        self.history = history
        self.p95 = p95
        self.errors = errors
        self.drift = drift
        self.share = share
    }

    /// The deployments as a table.
    package static func table(_ rows: [DeploymentRow]) -> TableView {
        TableView(
            columns: [
                .init("Deployment"), .init("State"), .init("Version"), .init("Requests/s", numeric: true),
                .init("p95", numeric: true), .init("Errors", numeric: true), .init("Drift"),
            ],
            rows: rows.map(\.cells)
        )
    }

    private var cells: [Markup] {
        var traffic = Markup(trusted: "<span class=\"with-spark\">")
        traffic.append(Sparkline(history, label: "Requests per second over the last minutes").markup())
        traffic.text(NumberText.rate(rate))
        traffic.raw("</span>")
        let failing = (errors ?? 0) > 0
        return [
            .rowLink(name, ConsolePath.of("deployments", name), sub: follows),
            .badge(tone, state),
            versions,
            traffic,
            p95.map { .text(NumberText.latency(seconds: $0)) } ?? .missing,
            errors.map { .toned(NumberText.percent($0), failing ? .bad : .idle) } ?? .missing,
            drift.map { .badge($0.tone, $0.text) } ?? .missing,
        ]
    }

    private var versions: Markup {
        guard share.count > 1 else { return version.isEmpty ? .missing : .text(version) }
        return ShareBar(share, label: "Versions in the traffic").markup()
    }
}
