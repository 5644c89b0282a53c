/// The named maxima of lineage.
package enum LineageLimits {
    /// Edges of one walk.
    package static let walkedEdges = 10_000
}
