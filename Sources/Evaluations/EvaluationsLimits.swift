/// Maxima of scorers and evaluation datasets; tested at the limit and one past it.
package enum EvaluationsLimits {
    /// Characters of a scorer's or dataset's name.
    package static let nameCharacters = 256
    /// Bytes of a scorer as it was serialized.
    package static let scorerBytes = 1024 * 1024
    /// Scorers that one question for their configurations may name.
    package static let scorers = 1000
    /// Experiments that one request may name.
    package static let experiments = 1000
    /// Tags of a dataset in one request.
    package static let tags = 1000
    /// Characters of a tag's key.
    package static let tagKeyCharacters = 255
    /// Characters of a tag's value.
    package static let tagValueCharacters = 100_000
    /// Records in one request.
    package static let records = 10_000
    /// Records on one page.
    package static let recordsPageSize = 1000
    /// Datasets on one page of a search.
    package static let searchResults = 50_000
    /// Datasets on one page when nothing is asked for.
    package static let defaultSearchResults = 1000
    /// Rows whose tags are read at once.
    package static let batchRows = 200
}
