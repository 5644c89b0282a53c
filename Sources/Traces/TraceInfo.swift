package import Core

/// How a trace ended, if it has.
package enum TraceState: String, Sendable, CaseIterable {
    case unspecified = "STATE_UNSPECIFIED"
    case ok = "OK"
    case error = "ERROR"
    case inProgress = "IN_PROGRESS"
}

/// A key and a text of a trace: a tag, which may change, or a piece of metadata, which is given once.
package struct TracePair: Sendable, Equatable {
    /// The key.
    package let key: String
    /// The text.
    package let value: String

    /// Makes a pair.
    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}

/// What describes a trace, without its spans.
package struct TraceInfo: Sendable, Equatable {
    /// `tr-` and 32 hexadecimal digits, or what an old client was given.
    package var id: String
    /// Its experiment.
    package var experimentID: String
    /// When its first span began.
    package var requestTime: Timestamp
    /// How long it took, in milliseconds; nil while it runs.
    package var duration: Int64?
    /// How it ended.
    package var state: TraceState
    /// An id that the traced application gave to the request.
    package var clientRequestID: String?
    /// The beginning of what went in.
    package var requestPreview: String?
    /// The beginning of what came out.
    package var responsePreview: String?
    /// What was known when it was made, sorted by key.
    package var metadata: [TracePair]
    /// Its tags, sorted by key.
    package var tags: [TracePair]
    /// What people, judges and programs said about it, oldest first.
    package var assessments: [TraceAssessment]

    /// Describes a trace.
    package init(
        id: String,
        experimentID: String,
        requestTime: Timestamp,
        duration: Int64? = nil,
        state: TraceState = .inProgress,
        clientRequestID: String? = nil,
        requestPreview: String? = nil,
        responsePreview: String? = nil,
        metadata: [TracePair] = [],
        tags: [TracePair] = [],
        assessments: [TraceAssessment] = []
    ) {
        self.id = id
        self.experimentID = experimentID
        self.requestTime = requestTime
        self.duration = duration
        self.state = state
        self.clientRequestID = clientRequestID
        self.requestPreview = requestPreview
        self.responsePreview = responsePreview
        self.metadata = metadata
        self.tags = tags
        self.assessments = assessments
    }

    /// The text of a tag.
    package func tag(_ key: String) -> String? {
        tags.first { $0.key == key }?.value
    }

    /// A piece of metadata.
    package func metadata(_ key: String) -> String? {
        metadata.first { $0.key == key }?.value
    }
}

/// A trace with its spans: root spans first, then in the order in which they began.
package struct Trace: Sendable, Equatable {
    /// What describes it.
    package let info: TraceInfo
    /// Its spans.
    package let spans: [TraceSpan]
}
