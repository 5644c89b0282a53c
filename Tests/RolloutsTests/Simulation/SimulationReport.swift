import Core
import Rollouts

/// Counts how simulated rollouts came out.
struct SimulationReport: Sendable {
    var runs = 0
    var promoted = 0
    var rolledBack = 0
    var held = 0
    var promotions = 0
    var codes: [String: Int] = [:]
    /// Times to rollback in seconds.
    var times: [Double] = []

    mutating func add(_ result: Scenario.Result) {
        runs += 1
        promotions += result.promotions
        switch result.state {
        case .promoted: promoted += 1
        case .rolledBack(let reason):
            rolledBack += 1
            codes[reason.code, default: 0] += 1
            times.append(result.time.inSeconds)
        default: held += 1
        }
    }

    static func + (left: SimulationReport, right: SimulationReport) -> SimulationReport {
        var sum = left
        sum.runs += right.runs
        sum.promoted += right.promoted
        sum.rolledBack += right.rolledBack
        sum.held += right.held
        sum.promotions += right.promotions
        sum.codes.merge(right.codes) { $0 + $1 }
        sum.times += right.times
        return sum
    }

    var rollbackRate: Double { Double(rolledBack) / Double(max(1, runs)) }
    var promotionRate: Double { Double(promoted) / Double(max(1, runs)) }
    var slowest: Double { times.max() ?? 0 }
    var median: Double { times.sorted().dropFirst(times.count / 2).first ?? 0 }

    /// One line of the printed report.
    func line(_ name: String) -> String {
        func percent(_ count: Int) -> String { Self.padded("\(count * 1000 / max(1, runs))", 4).inserting(".") + " %" }
        let why = codes.sorted { $0.value > $1.value }.map(\.key).joined(separator: ", ")
        let time = times.isEmpty ? "" : "  \(median) s, at most \(slowest) s: \(why)"
        return "\(name.padded(28)) \(Self.padded("\(runs)", 5)) runs  promoted \(percent(promoted))"
            + "  rolled back \(percent(rolledBack))  held \(percent(held))\(time)"
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// Runs scenarios on both cores.
    static func of(_ scenarios: [Scenario]) async -> SimulationReport {
        await withTaskGroup(of: SimulationReport.self) { group in
            for part in 0..<8 {
                group.addTask { await Self.part(part, of: scenarios) }
            }
            return await group.reduce(SimulationReport(), +)
        }
    }

    @concurrent private static func part(_ part: Int, of scenarios: [Scenario]) async -> SimulationReport {
        stride(from: part, to: scenarios.count, by: 8).reduce(into: SimulationReport()) { report, index in
            report.add(scenarios[index].run())
        }
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

    /// Per mille as percent: a point before the last digit.
    fileprivate func inserting(_ point: String) -> String {
        let digits = last == nil ? "0" : self
        let whole = digits.dropLast()
        return (whole.allSatisfy { $0 == " " } ? String(whole.dropLast()) + "0" : String(whole)) + point
            + String(digits.suffix(1))
    }
}
