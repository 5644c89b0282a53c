package import Core

/// What a walk asks the features: the ledger for predictions, and everyone for what holds now.
package struct LineageSources: Sendable {
    /// A prediction of the ledger: the version that made it and what is known of it; nil when it is not kept.
    package var prediction: @Sendable (_ id: String) async throws -> (model: LineageNode, facts: JSONObject)?
    /// What holds now of some things and is therefore recorded nowhere: that a version is live, that a run is deleted.
    package var present: @Sendable (_ nodes: [LineageNode]) async throws -> [LineageNode: JSONObject]
    /// Edges of some things that the features know and that were not recorded: versions from before lineage was kept.
    package var unrecorded: @Sendable (_ nodes: [LineageNode], LineageDirection) async throws -> [LineageEdge]
    /// The thing that another name means, such as the version behind `model:cancer@production`; nil for a plain name.
    package var meant: @Sendable (_ node: LineageNode) async throws -> LineageNode?

    /// Asks nobody beyond what is given.
    package init(
        prediction: @escaping @Sendable (_ id: String) async throws -> (model: LineageNode, facts: JSONObject)? = { _ in
            nil
        },
        present: @escaping @Sendable (_ nodes: [LineageNode]) async throws -> [LineageNode: JSONObject] = { _ in [:] },
        unrecorded: @escaping @Sendable (_ nodes: [LineageNode], LineageDirection) async throws -> [LineageEdge] = {
            _,
            _ in []
        },
        meant: @escaping @Sendable (_ node: LineageNode) async throws -> LineageNode? = { _ in nil }
    ) {
        self.prediction = prediction
        self.present = present
        self.unrecorded = unrecorded
        self.meant = meant
    }
}
