/// How much a monitor's drift matters, as declared; it travels with the verdict to events, webhooks and pages.
package enum MonitorSeverity: String, Sendable, CaseIterable, Comparable {
    /// Worth knowing.
    case info
    /// Worth a look; the default.
    case warning
    /// Worth getting up for.
    case critical

    package static func < (first: Self, second: Self) -> Bool { first.rank < second.rank }

    private var rank: Int {
        switch self {
        case .info: 0
        case .warning: 1
        case .critical: 2
        }
    }
}
