import Core

/// Walks from a thing to what it was made of, and to what was made of it.
///
/// A walk goes level by level and passes each thing once, so it ends whatever was recorded: the same contents may well be
/// made anew by a task that came after a model of them, which closes a circle.
package struct LineageService: Sendable {
    private let store: LineageStore
    private let sources: LineageSources

    /// Walks over `store`, asking `sources` for what is not in it.
    package init(store: LineageStore, sources: LineageSources) {
        self.store = store
        self.sources = sources
    }

    /// Walks from a thing.
    ///
    /// - Parameters:
    ///   - name: the thing, as a person writes it: digests may be cut short, a dataset's version may be left out.
    ///   - directions: which ways.
    ///   - limit: how many edges at most, up to `LineageLimits.walkedEdges`.
    /// - Returns: what was met; `isComplete` is false when there was more.
    /// - Throws: `invalidArgument` for a name that is none or means several things, `notFound`.
    package func walk(
        from name: String,
        directions: [LineageDirection],
        limit: Int = LineageLimits.walkedEdges
    ) async throws -> LineageWalk {
        let start = try await find(try LineageNode.parse(name))
        var walk = LineageWalk(start: start, directions: directions, places: [], edges: [], isComplete: true)
        var distances = [start: 0]
        var order = [start]
        var seen: Set<LineageEdge> = []
        let limit = min(limit, LineageLimits.walkedEdges)
        for direction in directions {
            var frontier = [start]
            var passed: Set<LineageNode> = [start]
            var distance = 0
            while !frontier.isEmpty {
                distance += 1
                // One more than may be shown tells whether there is more.
                let room = limit - walk.edges.count
                let found = try await edges(of: frontier, direction, limit: room + seen.count + 1)
                var next: [LineageNode] = []
                for edge in found where !seen.contains(edge) {
                    guard walk.edges.count < limit else {
                        walk.isComplete = false
                        break
                    }
                    seen.insert(edge)
                    walk.edges.append(edge)
                    let node = direction == .up ? edge.source : edge.target
                    if passed.insert(node).inserted { next.append(node) }
                    if distances[node] == nil {
                        distances[node] = distance
                        order.append(node)
                    }
                }
                frontier = walk.isComplete ? next : []
            }
        }
        walk.places = try await places(order, distances)
        // That a thing is not there now tells nothing of it, unless it once was.
        let told = walk.places.first?.facts.pairs.contains { $0.key != "deleted" } ?? false
        guard walk.edges.isEmpty, walk.places.first?.recordedAt == nil, !told else { return walk }
        throw Self.unknown(name)
    }

    // MARK: - Names

    private func find(_ node: LineageNode) async throws -> LineageNode {
        if let meant = try await sources.meant(node) { return meant }
        if try await store.facts(of: [node])[node] != nil { return node }
        switch node.kind {
        case .dataset:
            // Without a version the newest contents are meant.
            guard node.key.contains("@") else {
                return try await store.nodes(beginning: "\(node)@", limit: 1).first ?? node
            }
            return try await only(node)
        case .artifact, .code, .training, .loop, .prediction: return try await only(node)
        case .run:
            let found = try await only(node)
            // A run is one of a pipeline or one of tracking; their ids do not meet.
            return found == node ? try await trainingRun(node) : found
        case .model, .deployment, .task, .image: return node
        }
    }

    private func trainingRun(_ node: LineageNode) async throws -> LineageNode {
        let training = LineageNode(.training, node.key)
        let found = try await only(training)
        if found != training { return found }
        if try await store.facts(of: [training])[training] != nil { return training }
        return try await sources.present([training])[training] == nil ? node : training
    }

    /// The one thing whose name begins so, or the name itself.
    private func only(_ node: LineageNode) async throws -> LineageNode {
        let found = try await store.nodes(beginning: node.description, limit: 2)
        if found.count > 1 {
            throw MartletError(
                .invalidArgument,
                "'\(node)' may be \(found[0]) or \(found[1]), among others; write more of it."
            )
        }
        return found.first ?? node
    }

    private static func unknown(_ name: String) -> MartletError {
        MartletError(
            .notFound,
            "Nothing is known of '\(name.prefix(200))'. Lineage is kept of tasks, datasets, versions and deployments from "
                + "the moment on that they are made; a prediction is known as long as the ledger keeps it."
        )
    }

    // MARK: - Steps

    private func edges(
        of nodes: [LineageNode],
        _ direction: LineageDirection,
        limit: Int
    ) async throws -> [LineageEdge] {
        var found = try await store.edges(of: nodes, direction, limit: limit)
        if direction == .up {
            for node in nodes where node.kind == .prediction {
                guard let made = try await sources.prediction(node.key) else { continue }
                found.append(LineageEdge(made.model, .predicted, node))
            }
        }
        let known = Set(found)
        let more = try await sources.unrecorded(nodes, direction).filter { !known.contains($0) }
        return found + more
    }

    private func places(
        _ nodes: [LineageNode],
        _ distances: [LineageNode: Int]
    ) async throws -> [LineageWalk.Place] {
        let recorded = try await store.facts(of: nodes)
        let present = try await sources.present(nodes)
        var places: [LineageWalk.Place] = []
        for node in nodes {
            var facts = recorded[node]?.facts ?? [:]
            if node.kind == .prediction, let made = try await sources.prediction(node.key) {
                for (key, value) in made.facts.pairs { facts[key] = value }
            }
            for (key, value) in present[node]?.pairs ?? [] { facts[key] = value }
            places.append(
                LineageWalk.Place(
                    node: node,
                    distance: distances[node] ?? 0,
                    facts: facts,
                    recordedAt: recorded[node]?.at
                )
            )
        }
        return places
    }
}
