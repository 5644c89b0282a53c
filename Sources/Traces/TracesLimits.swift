/// Maxima of traces, those of MLflow where clients know them; tested at the limit and one past it.
package enum TracesLimits {
    /// Characters of the key of a tag or of a piece of metadata.
    package static let keyCharacters = 250
    /// Characters of a tag's or of a piece of metadata's value; longer ones are cut.
    package static let valueCharacters = 8000
    /// Characters of a tag's value in replies; longer ones are cut.
    package static let shownTagCharacters = 4096
    /// Characters of a piece of metadata's value in replies; longer ones are cut.
    package static let shownMetadataCharacters = 250
    /// Characters of a trace's name.
    package static let nameCharacters = 4096
    /// Characters of a session's id.
    package static let sessionCharacters = 250
    /// Characters of a trace's id, and of the id that a client gives a request.
    package static let idCharacters = 128
    /// Characters of a preview made from a root span's inputs or outputs, with the three dots that end a cut one.
    package static let previewCharacters = 1000
    /// Tags, and pieces of metadata, in one call.
    package static let pairs = 1000
    /// Assessments sent with one trace.
    package static let assessments = 1000
    /// Characters of an assessment's name.
    package static let assessmentNameCharacters = 250
    /// Characters of an assessment's value, error, rationale or metadata.
    package static let assessmentTextCharacters = 65_535
    /// Results of one page of a search.
    package static let searchResults = 500
    /// Results of one page of a search when nothing is asked for.
    package static let defaultSearchResults = 100
    /// Experiments that one search names.
    package static let searchExperiments = 1000
    /// Traces that one batch of reads names.
    package static let batchTraces = 1000
    /// Traces that one call links to a run.
    package static let linkedTraces = 100
    /// Prompt versions that one call links to a trace.
    package static let linkedPrompts = 100
    /// Traces that one call deletes by id or by time; the rest is left for the next call.
    package static let deletedTraces = 10_000
    /// Deleted traces that the audit log names; it counts all of them.
    package static let notedTraces = 100
    /// Bytes of a body of OTLP as sent.
    package static let exportBytes = 16 * 1024 * 1024
    /// Bytes of a body of OTLP after decompression.
    package static let inflatedBytes = 64 * 1024 * 1024
    /// Spans in one body of OTLP.
    package static let exportSpans = 50_000
    /// Messages of any kind in one body of OTLP.
    package static let exportMessages = 2_000_000
    /// Bytes of a body of OTLP that is JSON, after decompression.
    package static let exportJSONBytes = 16 * 1024 * 1024
    /// Messages within messages in a body of OTLP.
    package static let exportDepth = 100
    /// Objects and arrays within each other in a body of OTLP that is JSON.
    package static let exportJSONDepth = 256
    /// Characters of a name, tag or piece of metadata that are indexed and sorted by.
    package static let headCharacters = 64
    /// Characters of a pattern for RLIKE.
    package static let patternCharacters = 1000
    /// Steps that matching a pattern for RLIKE may take in one search.
    package static let patternSteps = 200_000_000
    /// States of the machine that matches a pattern for RLIKE.
    package static let patternStates = 5000
    /// Traces that a search with RLIKE or with span attributes reads at once.
    package static let candidateTraces = 500
    /// Keys that one SQL statement names.
    package static let keysPerStatement = 500
    /// Times that a read waits for spans that are announced but not there.
    package static let spanWaits = 30
    /// How long each such wait is, in milliseconds.
    package static let spanWaitMilliseconds = 100
    /// Bytes of a trace's file of spans that is read from the artifact store.
    package static let traceFileBytes = 64 * 1024 * 1024
}
