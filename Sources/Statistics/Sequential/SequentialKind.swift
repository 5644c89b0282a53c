package import Core

/// The detectors that read a stream value by value, by the names in specifications and states.
package enum SequentialKind: String, Sendable, CaseIterable {
    case adwin
    case pageHinkley = "page_hinkley"
    case ddm
    case eddm
    case hddmA = "hddm_a"
    case hddmW = "hddm_w"
    case kswin

    /// Whether the detector reads errors (0 and 1, or shares between) instead of any number.
    package var readsErrors: Bool {
        switch self {
        case .ddm, .eddm, .hddmA, .hddmW: true
        case .adwin, .pageHinkley, .kswin: false
        }
    }

    private var type: any SequentialDetector.Type {
        switch self {
        case .adwin: ADWIN.self
        case .pageHinkley: PageHinkley.self
        case .ddm: DDM.self
        case .eddm: EDDM.self
        case .hddmA: HDDMA.self
        case .hddmW: HDDMW.self
        case .kswin: KSWIN.self
        }
    }

    /// Makes a detector from its declared parameters.
    ///
    /// - Parameter parameters: The members of the declaration that belong to the detector.
    /// - Returns: A detector that has seen nothing.
    /// - Throws: `invalidArgument` naming the member that is unknown or out of range.
    package func make(parameters: JSONFields = JSONFields(JSONObject())) throws(MartletError) -> any SequentialDetector
    {
        try type.init(parameters: parameters)
    }

    /// Brings back the detector that a state belongs to.
    ///
    /// - Parameter state: What `encode()` gave.
    /// - Returns: The detector, as it was.
    /// - Throws: `dataLoss` when the state names no detector or is damaged.
    package static func restore(_ state: JSONValue) throws(MartletError) -> any SequentialDetector {
        guard let kind = state["detector"]?.stringValue.flatMap(SequentialKind.init) else {
            throw MartletError(.dataLoss, "The saved state names no sequential detector in its member 'detector'.")
        }
        return try kind.type.init(state: state)
    }
}
