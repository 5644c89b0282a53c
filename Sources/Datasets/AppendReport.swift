/// What came of adding rows; duplicates are counted, never hidden.
package struct AppendReport: Sendable, Equatable {
    /// Rows handed in.
    package let received: Int
    /// Rows added.
    package let added: Int
    /// Rows left out because an equal row was there already or came earlier in the same batch.
    package let duplicates: Int
    /// Rows in the dataset now.
    package let rows: Int64
    /// The dataset's content version now.
    package let version: String
}
