package import Core

/// A judgement of a trace or of one of its spans.
package struct TraceAssessment: Sendable, Equatable {
    /// What kind of judgement it is; the raw value is the word of the database and of filters.
    package enum Kind: String, Sendable {
        case feedback
        case expectation
        case issue
    }

    /// Who judged.
    package enum SourceType: String, Sendable, CaseIterable {
        case unspecified = "SOURCE_TYPE_UNSPECIFIED"
        case human = "HUMAN"
        case judge = "LLM_JUDGE"
        case code = "CODE"
    }

    /// `a-` and 32 hexadecimal digits; empty until it is stored.
    package var id: String
    /// The trace.
    package var traceID: String
    /// What is judged, such as `correctness`; for an issue its id.
    package var name: String
    /// What kind of judgement it is.
    package var kind: Kind
    /// The verdict: any JSON; for an issue its name.
    package var value: JSONValue
    /// Why there is no verdict, as `error_code`, `error_message`, `stack_trace`.
    package var error: JSONObject?
    /// Who judged.
    package var sourceType: SourceType
    /// Which person, model or program.
    package var sourceID: String?
    /// When it was made; nil asks for the time of storing it.
    package var created: Timestamp?
    /// When it was last changed.
    package var updated: Timestamp?
    /// The span that it is about.
    package var spanID: String?
    /// Why.
    package var rationale: String?
    /// The assessment that it replaces.
    package var overrides: String?
    /// Whether it counts: false once another one overrides it.
    package var isValid: Bool
    /// Further texts by key.
    package var metadata: [TracePair]

    /// Makes a judgement.
    package init(
        id: String = "",
        traceID: String,
        name: String,
        kind: Kind,
        value: JSONValue,
        error: JSONObject? = nil,
        sourceType: SourceType = .unspecified,
        sourceID: String? = nil,
        created: Timestamp? = nil,
        updated: Timestamp? = nil,
        spanID: String? = nil,
        rationale: String? = nil,
        overrides: String? = nil,
        isValid: Bool = true,
        metadata: [TracePair] = []
    ) {
        self.id = id
        self.traceID = traceID
        self.name = name
        self.kind = kind
        self.value = value
        self.error = error
        self.sourceType = sourceType
        self.sourceID = sourceID
        self.created = created
        self.updated = updated
        self.spanID = spanID
        self.rationale = rationale
        self.overrides = overrides
        self.isValid = isValid
        self.metadata = metadata
    }

    /// The run that made it, as its metadata says.
    package var runID: String? {
        metadata.first { $0.key == TraceKeys.assessmentRun }?.value
    }

    /// Whether it is about the whole session of its trace.
    var isAboutSession: Bool {
        metadata.contains { $0.key == TraceKeys.session }
    }
}

/// What an update changes of an assessment; nil leaves it as it is.
package struct AssessmentChange: Sendable {
    /// The new name.
    package var name: String?
    /// The new verdict, and the error if there is one instead; only for feedback.
    package var feedback: (value: JSONValue, error: JSONObject?)?
    /// The new expected value; only for expectations.
    package var expectation: JSONValue?
    /// The new reason.
    package var rationale: String?
    /// Texts to add or to replace.
    package var metadata: [TracePair]?
    /// Whether it counts.
    package var isValid: Bool?

    /// Changes nothing yet.
    package init() {}
}
