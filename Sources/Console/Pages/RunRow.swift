/// A run as a table of runs shows it.
package struct RunRow: Sendable {
    /// Its id.
    package var id: String
    /// Its name.
    package var name: String
    /// Its status' colour.
    package var tone: Tone
    /// Its status in words.
    package var status: String
    /// When it started.
    package var started: TimeText?
    /// How long it took, or has taken so far; empty when unknown.
    package var took: String
    /// Its parameters.
    package var parameters: [String: String]
    /// The last value of each metric.
    package var metrics: [String: Double]

    /// Makes a row.
    package init(
        id: String,
        name: String,
        tone: Tone,
        status: String,
        started: TimeText? = nil,
        took: String = "",
        parameters: [String: String] = [:],
        metrics: [String: Double] = [:]
    ) {
        self.id = id
        self.name = name
        self.tone = tone
        self.status = status
        self.started = started
        self.took = took
        self.parameters = parameters
        self.metrics = metrics
    }

    /// Where the run's page is.
    package var href: String { ConsolePath.of("runs", id) }
}
