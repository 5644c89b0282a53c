package import Core

/// One version of a judge of answers, as its client serialized it; this server keeps it and never runs it.
package struct Scorer: Sendable, Equatable {
    /// The id that all its versions share.
    package let id: String
    /// The experiment that it belongs to.
    package let experiment: String
    /// Unique in the experiment.
    package let name: String
    /// 1, 2, 3, … in the order of registration.
    package let version: Int
    /// JSON.
    package let serialized: String
    /// When the version was registered.
    package let creationTime: Timestamp
}

/// Which share of the traces of an experiment a scorer judges as they come in.
package struct OnlineScoring: Sendable, Equatable {
    /// Its id.
    package let id: String
    /// The scorer's id.
    package let scorer: String
    /// The experiment.
    package let experiment: String
    /// From 0 to 1.
    package let sampleRate: Double
    /// Which traces; nil is all.
    package let filter: String?
}
