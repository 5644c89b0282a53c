package import Core

/// What a sequential detector says after a value.
package enum SequentialSignal: String, Sendable, CaseIterable {
    /// Nothing to report.
    case none
    /// The values may have begun to change; only detectors of error rates know this zone.
    case warning
    /// The values have changed; the next value starts the detector anew.
    case drift
}

/// A detector that reads a stream value by value in constant memory.
///
/// The detectors follow river 0.26: one that has signalled drift forgets what it saw when the next value arrives. A value
/// that it cannot take (NaN, an infinity, a magnitude past `SequentialLimits.largestMagnitude`, or anything outside 0...1
/// where errors are counted) is counted in `skipped` and changes nothing else. The state goes to JSON and back without loss,
/// so a detector survives a restart.
package protocol SequentialDetector: Sendable {
    /// Which detector this is.
    static var kind: SequentialKind { get }
    /// What happened so far.
    var tally: SequentialTally { get }
    /// What a chart of the detector shows, in words of each detector; nil until there is something to show.
    var statistic: Double? { get }

    /// Takes the next value of the stream.
    ///
    /// - Parameter value: The value; 1 for an error and 0 for none where errors are counted.
    /// - Returns: The signal after this value. For a value that was skipped: the warning that stands, never drift.
    mutating func update(_ value: Double) -> SequentialSignal

    /// Forgets the values seen, not the tally.
    mutating func reset()

    /// The whole state, parameters included.
    func encode() -> JSONValue

    /// Continues from a state that `encode()` gave.
    ///
    /// - Parameter state: The JSON value.
    /// - Throws: `dataLoss` naming the member when the state is of another detector, incomplete or impossible.
    init(state: JSONValue) throws(MartletError)

    /// Starts from declared parameters; absent ones take river's defaults.
    ///
    /// - Parameter parameters: The members, by the names in `docs/drift.md`.
    /// - Throws: `invalidArgument` naming the member that is unknown or out of range.
    init(parameters: JSONFields) throws(MartletError)
}

/// What a sequential detector counted since it was made; a reset leaves it alone.
package struct SequentialTally: Sendable, Equatable {
    /// The values that were taken.
    package internal(set) var observed = 0
    /// The values that could not be taken.
    package internal(set) var skipped = 0
    /// How often drift was signalled.
    package internal(set) var detections = 0
    /// The signal after the last value that was taken.
    package internal(set) var signal = SequentialSignal.none

    init() {}

    /// Counts a value that was left out, and says which signal stands.
    mutating func skip() -> SequentialSignal {
        skipped &+= 1
        return signal == .warning ? .warning : .none
    }

    /// Counts a value that was taken and keeps its signal.
    mutating func take(_ newSignal: SequentialSignal) -> SequentialSignal {
        observed &+= 1
        if newSignal == .drift { detections &+= 1 }
        signal = newSignal
        return newSignal
    }
}

extension Double {
    /// Whether a detector of values can take this one without its sums leaving the range of a double.
    var isObservable: Bool { magnitude <= SequentialLimits.largestMagnitude }

    /// Whether a detector of error rates can take this value.
    var isErrorShare: Bool { self >= 0 && self <= 1 }
}
