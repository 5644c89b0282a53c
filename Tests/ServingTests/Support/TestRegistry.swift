import Core
import Runtimes
import Serving
import Synchronization

/// A registry of one model in memory: versions load by a function, the alias moves as clients move it.
final class TestRegistry: Sendable {
    struct State {
        var alias: Int?
        /// Aliases beside the one that deployments of the tests follow.
        var others: [String: Int] = [:]
        var versions: [Int: @Sendable () throws -> LoadedModel] = [:]
        var loads = 0
        var moves: [Int] = []
    }

    let state = Mutex(State())

    /// Adds a version computed by `runtime`, and points the alias at it.
    func register(_ version: Int, _ runtime: any RowRuntime, classes: [String] = ["malignant", "benign"]) {
        add(version, runtime, classes: classes)
        alias = version
    }

    /// Adds a version computed by `runtime`; the alias stays.
    func add(
        _ version: Int,
        _ runtime: any RowRuntime,
        classes: [String] = ["malignant", "benign"],
        inputs: [ModelSignature.Field]? = nil
    ) {
        let model = Self.model(version, runtime, classes: classes, inputs: inputs)
        state.withLock { $0.versions[version] = { try model.get() } }
    }

    /// Adds a version that cannot be loaded, and points the alias at it.
    func register(_ version: Int, failing error: MartletError) {
        state.withLock {
            $0.versions[version] = { throw error }
            $0.alias = version
        }
    }

    var alias: Int? {
        get { state.withLock { $0.alias } }
        set { state.withLock { $0.alias = newValue } }
    }

    var source: ModelSource {
        ModelSource(
            resolve: { model, alias in
                guard model == "cancer" else { return nil }
                if alias == "latest" { return self.state.withLock { $0.versions.keys.max() } }
                return self.state.withLock { $0.others[alias] } ?? (alias == "production" ? self.alias : nil)
            },
            models: { [("cancer", self.state.withLock { $0.versions.keys.max() })] },
            load: { _, version, _ in
                let load = self.state.withLock { state in
                    state.loads += 1
                    return state.versions[version]
                }
                guard let load else { throw MartletError(.notFound, "There is no version \(version).") }
                return try load()
            },
            moveAlias: { _, _, version in
                self.state.withLock {
                    $0.alias = version
                    $0.moves.append(version)
                }
            }
        )
    }

    static func model(
        _ version: Int,
        _ runtime: any RowRuntime,
        classes: [String] = ["malignant", "benign"],
        inputs: [ModelSignature.Field]? = nil
    ) -> Result<LoadedModel, MartletError> {
        Result { () throws(MartletError) in
            try LoadedModel(
                model: "cancer",
                version: version,
                runtime: runtime,
                signature: ModelSignature(
                    inputs: inputs ?? (0..<runtime.featureCount).map { .init(name: "x\($0)", type: .double) },
                    outputs: []
                ),
                classes: classes,
                threshold: 0.5,
                reference: nil
            )
        }
    }
}
