import Core

/// How a benchmark loads a server.
package struct LoadPlan: Sendable, Equatable {
    /// Connections, each with at most one request under way.
    var connections: Int
    /// Requests a second in an open loop; nil for a closed loop, where each connection sends when it has its answer.
    var rate: Double?
    /// Seconds that do not count.
    var warmup: Double
    /// Seconds that count.
    var duration: Double
    /// Longest wait for an answer.
    var timeout: Duration

    /// Makes a plan.
    package init(connections: Int, rate: Double? = nil, warmup: Double, duration: Double, timeout: Duration) {
        self.connections = connections
        self.rate = rate
        self.warmup = warmup
        self.duration = duration
        self.timeout = timeout
    }

    /// What is wrong with the plan, for people; nil when it can be carried out.
    package var problem: String? {
        guard (1...CommandLimits.benchConnections).contains(connections) else {
            return "--connections must be between 1 and \(CommandLimits.benchConnections)."
        }
        guard rate.map({ $0 > 0 && $0 <= 10_000_000 }) ?? true else { return "--rate must be above 0." }
        let seconds = 0...CommandLimits.benchSeconds
        guard duration > 0, timeout > .zero, seconds.contains(duration), seconds.contains(warmup),
            timeout <= .seconds(CommandLimits.benchSeconds)
        else { return "--duration, --warmup and --timeout are seconds, at most a day." }
        return nil
    }
}
