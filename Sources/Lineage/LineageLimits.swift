/// The named maxima of lineage.
package enum LineageLimits {
    /// Edges of one walk.
    package static let walkedEdges = 10_000
    /// Bytes of a node's key; a longer one is cut and told apart by a checksum.
    package static let keyBytes = 500
    /// Bytes of what is known of a node; outputs and parameters beyond are left out, and the node says so.
    package static let factBytes = 16 * 1024
    /// Edges that one thing that happened may write.
    package static let recordedEdges = 2000
    /// Nodes that one question to the database asks for.
    package static let questionNodes = 200
}
