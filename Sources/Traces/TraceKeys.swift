/// The names that MLflow gives to what it keeps in tags, metadata and attributes.
enum TraceKeys {
    /// Tag: the trace's name.
    static let name = "mlflow.traceName"
    /// Tag: where files of the trace lie.
    static let artifactLocation = "mlflow.artifactLocation"
    /// Tag: where spans are kept; clients ask this server for them only if it says `spansInStore`.
    static let spansLocation = "mlflow.trace.spansLocation"
    /// The value of `spansLocation` when the spans are in the database.
    static let spansInStore = "TRACKING_STORE"
    /// Tags that only the server writes.
    static let fixedTags: Set = [
        spansLocation, "mlflow.trace.archiveLocation", "mlflow.trace.archivalFailure",
    ]
    /// Tag of a fixed kind that may be deleted all the same.
    static let archivalFailure = "mlflow.trace.archivalFailure"
    /// Metadata: whether the description of the trace is complete.
    static let infoFinalized = "mlflow.trace.infoFinalized"
    /// Metadata: the run in which the trace was made.
    static let sourceRun = "mlflow.sourceRun"
    /// Metadata, also of assessments: the session.
    static let session = "mlflow.trace.session"
    /// Metadata: the user of the application.
    static let user = "mlflow.trace.user"
    /// Metadata: tokens of all language-model calls, as JSON.
    static let tokenUsage = "mlflow.trace.tokenUsage"
    /// Metadata: cost of all language-model calls in dollars, as JSON.
    static let cost = "mlflow.trace.cost"
    /// Metadata: how many spans there will be, as JSON.
    static let sizeStats = "mlflow.trace.sizeStats"
    /// Metadata of an assessment: the run that made it.
    static let assessmentRun = "mlflow.assessment.sourceRunId"

    /// Attribute: the trace's id as MLflow writes it.
    static let spanTraceID = "mlflow.traceRequestId"
    /// Attribute: what went into the span.
    static let spanInputs = "mlflow.spanInputs"
    /// Attribute: what came out.
    static let spanOutputs = "mlflow.spanOutputs"
    /// Attribute: the kind of span, such as `LLM`.
    static let spanType = "mlflow.spanType"
    /// Attribute: tokens of one language-model call.
    static let spanTokenUsage = "mlflow.chat.tokenUsage"
    /// Attribute: cost of one language-model call.
    static let spanCost = "mlflow.llm.cost"
    /// Attribute: the language model.
    static let spanModel = "mlflow.llm.model"
    /// Attribute: who runs the language model.
    static let spanProvider = "mlflow.llm.provider"
    /// Beginning of attributes of the root span that become tags of the trace.
    static let traceTagPrefix = "mlflow.traceTag."
    /// Attribute of OpenTelemetry: the session.
    static let otelSession = "session.id"
    /// Attribute of OpenTelemetry's conventions for generative AI: the conversation.
    static let otelConversation = "gen_ai.conversation.id"
    /// Attribute of OpenTelemetry: the user.
    static let otelUser = "user.id"
}
