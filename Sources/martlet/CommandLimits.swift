/// The named maxima of the command line.
package enum CommandLimits {
    /// Rows of a list when `--limit` is not given.
    package static let defaultRows = 50
    /// Largest `--limit`.
    package static let maximumRows = 1000
    /// Rows that are asked for at once; the smallest of the server's own page limits.
    package static let pageRows = 200
    /// Largest manifest that is sent, in bytes; the server's own limit is the same.
    package static let manifestBytes = 1024 * 1024
    /// Longest wait for one answer of the server.
    package static let requestTimeout: Duration = .seconds(60)
    /// Pause between two looks at a run that is followed.
    package static let followInterval: Duration = .milliseconds(500)
    /// Looks that may fail in a row before following ends.
    package static let followFailures = 10
    /// Largest file with a token or a password, in bytes.
    package static let tokenFileBytes = 64 * 1024
    /// Points of a history that are asked for at once.
    package static let historyPage = 10_000
    /// Runs that are compared or plotted together.
    package static let comparedRuns = 20
    /// Points of each run that a plot is made from.
    package static let plottedPoints = 2500
    /// Longest wait for a collection through a server.
    package static let collectionTimeout: Duration = .seconds(3600)
    /// Pause between two lines about an import under way.
    package static let importPause: Duration = .seconds(2)
    /// Width of tables when the terminal does not tell its own.
    package static let defaultWidth = 100
    /// Narrowest a column gets when a table is fitted to the terminal.
    package static let narrowestColumn = 6
    /// Most rows that `predict` and `bench` put into one request.
    package static let predictedRowsAtOnce = 100_000
    /// Largest head of an answer, in bytes.
    package static let answerHeadBytes = 64 * 1024
    /// Largest body of an answer, in bytes.
    package static let answerBytes = 256 * 1024 * 1024
    /// Most connections of a benchmark.
    package static let benchConnections = 4096
    /// Largest CSV file that is compared, in bytes.
    package static let comparedFileBytes = 4 * 1024 * 1024 * 1024 - 2
    /// Longest value of a secret that is read, in bytes.
    package static let secretBytes = 32 * 1024
    /// Longest benchmark, in seconds.
    package static let benchSeconds = 24 * 3600.0
}
