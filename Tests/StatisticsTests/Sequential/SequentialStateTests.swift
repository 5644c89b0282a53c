import Core
import Testing

import Statistics

/// States that were damaged and parameters that make no sense are refused with the member's name.
struct SequentialStateTests {
    private func used(_ kind: SequentialKind) throws -> JSONObject {
        var detector = try kind.make()
        for index in 0..<150 { _ = detector.update(Double(index % 3 == 0 ? 1 : 0)) }
        return try #require(detector.encode().objectValue)
    }

    private func code(_ state: JSONValue) -> MartletError.Code? {
        do {
            _ = try SequentialKind.restore(state)
            return nil
        } catch {
            return error.code
        }
    }

    @Test(arguments: SequentialKind.allCases) func everyMemberIsNeeded(kind: SequentialKind) throws {
        let state = try used(kind)
        #expect(code(.object(state)) == nil)
        for key in state.keys {
            var damaged = state
            damaged[key] = nil
            #expect(code(.object(damaged)) == .dataLoss, "without \(key)")
            damaged[key] = "x"
            #expect(code(.object(damaged)) == .dataLoss, "text in \(key)")
        }
        for part in ["values", "tally"] {
            let members = try #require(state[part]?.objectValue)
            for key in members.keys {
                for wrong in [JSONValue.string("x"), .array(["x"]), .object([:]), .number(.nan), .number(.infinity)] {
                    var changed = members
                    changed[key] = wrong
                    var damaged = state
                    damaged[part] = .object(changed)
                    #expect(code(.object(damaged)) == .dataLoss, "\(part).\(key) = \(wrong)")
                }
            }
        }
    }

    @Test(arguments: SequentialKind.allCases) func parametersOutOfRangeAreDamageToo(kind: SequentialKind) throws {
        var state = try used(kind)
        for key in try #require(state["parameters"]?.objectValue).keys {
            var members = try #require(state["parameters"]?.objectValue)
            members[key] = -1
            state["parameters"] = .object(members)
            #expect(code(.object(state)) == .dataLoss, "\(key)")
            state = try used(kind)
        }
    }

    @Test(arguments: SequentialKind.allCases) func theErrorNamesDetectorAndMember(kind: SequentialKind) throws {
        var state = try used(kind)
        state["format"] = 2
        do {
            _ = try SequentialKind.restore(.object(state))
            Issue.record("another format was read")
        } catch {
            #expect(error.code == .dataLoss)
            #expect(error.message.contains(kind.rawValue))
            #expect(error.message.contains("format"))
        }
    }

    @Test(arguments: [JSONValue.null, "adwin", [], [:], ["detector": "x"], ["detector": "adwin"]])
    func whatIsNoStateIsRefused(state: JSONValue) { #expect(code(state) == .dataLoss) }

    @Test func contradictionsAreRefused() throws {
        var state = try used(.adwin)
        var values = try #require(state["values"]?.objectValue)
        values["width"] = 3
        state["values"] = .object(values)
        #expect(code(.object(state)) == .dataLoss)
        values = try #require(try used(.adwin)["values"]?.objectValue)
        values["totals"] = .array(Array(repeating: .array([]), count: SequentialLimits.bucketRows + 1))
        state["values"] = .object(values)
        #expect(code(.object(state)) == .dataLoss)
        state = try used(.hddmA)
        values = try #require(state["values"]?.objectValue)
        values["lowest_count"] = 1_000
        state["values"] = .object(values)
        #expect(code(.object(state)) == .dataLoss)
        state = try used(.kswin)
        state["values"] = ["window": .array(Array(repeating: 1, count: 101))]
        #expect(code(.object(state)) == .dataLoss)
        state["values"] = ["window": [1e141]]
        #expect(code(.object(state)) == .dataLoss)
    }

    @Test(arguments: [
        (SequentialKind.adwin, "delta", JSONValue.number(0)), (.adwin, "delta", 1), (.adwin, "clock", 0),
        (.adwin, "max_buckets", 0), (.adwin, "max_buckets", .int(SequentialLimits.bucketsPerRow + 1)),
        (.adwin, "min_window_length", 0), (.adwin, "grace_period", -1), (.adwin, "window", 3),
        (.pageHinkley, "min_instances", 0), (.pageHinkley, "mode", "sideways"), (.pageHinkley, "alpha", 1.5),
        (.pageHinkley, "threshold", -1), (.ddm, "warning_threshold", 4), (.ddm, "drift_threshold", "3"),
        (.eddm, "beta", 0.99), (.hddmA, "drift_confidence", 0), (.hddmW, "lambda", 0),
        (.hddmW, "warning_confidence", 2),
        (.kswin, "stat_size", 51), (.kswin, "window_size", .int(SequentialLimits.slidingWindow + 1)),
        (.kswin, "alpha", -0.1), (.kswin, "seed", 1.5),
    ])
    func parametersAreChecked(kind: SequentialKind, key: String, value: JSONValue) {
        do {
            _ = try kind.make(parameters: JSONFields(JSONObject([(key, value)])))
            Issue.record("\(kind) took \(key) = \(value)")
        } catch {
            #expect(error.code == .invalidArgument)
            #expect(error.message.contains(key))
        }
    }

    @Test func limitsThemselvesAreTaken() throws {
        _ = try SequentialKind.adwin.make(
            parameters: JSONFields(JSONObject([("max_buckets", .int(SequentialLimits.bucketsPerRow))]))
        )
        _ = try SequentialKind.kswin.make(
            parameters: JSONFields(JSONObject([("window_size", .int(SequentialLimits.slidingWindow))]))
        )
        var state = try used(.ddm)
        var tally = try #require(state["tally"]?.objectValue)
        tally["observed"] = .integer(SequentialLimits.largestCount)
        state["tally"] = .object(tally)
        #expect(code(.object(state)) == nil)
        tally["observed"] = .integer(SequentialLimits.largestCount + 1)
        state["tally"] = .object(tally)
        #expect(code(.object(state)) == .dataLoss)
    }
}
