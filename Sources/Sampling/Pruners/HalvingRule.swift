#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension PrunerSpec.Halving {
    /// Whether the trial falls behind at a rung that it has reached; rungs that it passes are noted.
    func prunes(
        _ last: Trial.Report,
        _ rivals: [Trial],
        _ history: TrialHistory,
        _ direction: Direction,
        _ rungs: inout [Double],
        except number: Int
    ) -> Bool {
        guard let resource = minimumResource ?? Self.estimate(history) else { return false }
        while true {
            let rung = rungs.count
            guard let step = Self.step(resource, reduction, skippedRungs + rung), last.step >= step else {
                return false
            }
            guard !last.value.isNaN else { return true }
            rungs.append(last.value)
            var losses = rivals.filter { $0.number != number && $0.rungs.count > rung }
                .map { direction.loss($0.rungs[rung]) }
            losses.append(direction.loss(last.value))
            guard losses.count > bootstrap else { return true }
            losses.sort()
            // Trials cannot wait for others, so the best so far goes on while there are few.
            guard direction.loss(last.value) <= losses[max(losses.count / reduction - 1, 0)] else { return true }
        }
    }

    /// resource · reduction^rung; nil when no trial can have that many steps.
    private static func step(_ resource: Int, _ reduction: Int, _ rung: Int) -> Int? {
        var step = resource
        for _ in 0..<rung {
            let (product, overflow) = step.multipliedReportingOverflow(by: reduction)
            guard !overflow else { return nil }
            step = product
        }
        return step
    }

    /// A hundredth of the steps of the trial that was complete first.
    private static func estimate(_ history: TrialHistory) -> Int? {
        history.firstLength.map { max($0 / 100, 1) }
    }
}

extension PrunerSpec.Hyperband {
    /// Whether successive halving in the trial's bracket ends it.
    func prunes(
        _ trial: Trial,
        _ last: Trial.Report,
        _ history: TrialHistory,
        _ direction: Direction,
        _ study: String,
        _ rungs: inout [Double]
    ) -> Bool {
        guard let most = maximumResource ?? history.firstLength.map({ $0 + 1 }) else { return false }
        let budgets = budgets(most)
        let bracket = Self.bracket(trial.number, study, budgets)
        var rule = PrunerSpec.Halving()
        rule.minimumResource = minimumResource
        rule.reduction = reduction
        rule.skippedRungs = bracket
        rule.bootstrap = bootstrap
        let rivals = history.trials.filter {
            !$0.rungs.isEmpty && Self.bracket($0.number, study, budgets) == bracket
        }
        return rule.prunes(last, rivals, history, direction, &rungs, except: trial.number)
    }

    /// How many trials of a round each bracket gets.
    func budgets(_ most: Int) -> [Int] {
        let ratio = Double(max(most, 1)) / Double(max(minimumResource, 1))
        let count = max(1, Int((log(ratio) / log(Double(reduction))).rounded(.down)) + 1)
        return (0..<count).map { bracket in
            let rest = count - 1 - bracket
            return Int((Double(count) * pow(Double(reduction), Double(rest)) / Double(rest + 1)).rounded(.up))
        }
    }

    /// The bracket of a trial: by chance, and the same for everybody who asks.
    static func bracket(_ number: Int, _ study: String, _ budgets: [Int]) -> Int {
        let total = budgets.reduce(0, +)
        guard total > 0 else { return 0 }
        var place = Int(CyclicCheck.crc32("\(study)_\(number)".utf8)) % total
        for (bracket, budget) in budgets.enumerated() {
            place -= budget
            if place < 0 { return bracket }
        }
        return 0
    }
}

extension TrialHistory {
    /// The last step of the trial that was complete first, of those that reported.
    var firstLength: Int? {
        for number in endings {
            let trial = trials[number]
            if trial.state == .complete, let last = trial.lastReport { return last.step }
        }
        return nil
    }
}

/// The checksum of PNG and zip files.
enum CyclicCheck {
    static func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var rest: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            rest ^= UInt32(byte)
            for _ in 0..<8 { rest = rest & 1 == 1 ? (rest >> 1) ^ 0xEDB8_8320 : rest >> 1 }
        }
        return rest ^ 0xFFFF_FFFF
    }
}
