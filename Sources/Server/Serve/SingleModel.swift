package import Core
package import Logging
package import Runtimes
import Serving
import Synchronization

/// One model that a server serves by itself, without a registry: what `martlet serve` starts.
package final class SingleModel: Sendable {
    /// The deployment's name, by which protocols call the model.
    package let name: String
    /// The version's number; 1 when nobody numbered it.
    package let version: Int
    /// What runs the model.
    package let runtimeName: String

    private let path: String
    private let checksum: String?
    private let settings: RuntimeSettings
    private let logger: Logger
    /// The model that was loaded to see whether it loads, until the server takes it.
    private let first: Mutex<LoadedModel?>

    private static let alias = "serve"

    /// Loads a model to see whether it does.
    ///
    /// - Parameters:
    ///   - name: a deployment's name: lower-case letters, digits and inner hyphens.
    ///   - fetched: where the model is.
    ///   - checksum: `sha256:…` of a single file; nil checks nothing.
    ///   - settings: how the model is run.
    ///   - logger: where its workers' lines go.
    /// - Throws: as loading does, and `invalidArgument` for a name that is none.
    package init(
        name: String,
        fetched: ModelFetcher.Fetched,
        checksum: String?,
        settings: RuntimeSettings,
        logger: Logger
    ) async throws {
        self.name = name
        version = fetched.version ?? 1
        path = fetched.path
        self.checksum = checksum
        self.settings = settings
        self.logger = logger
        _ = try Self.spec(name)
        let loaded = try await ModelWiring.load(
            name,
            version,
            at: fetched.path,
            checksum: checksum,
            settings,
            logger: logger
        )
        runtimeName = loaded.runtime.name
        sample = ModelSample.body(of: loaded)
        first = Mutex(loaded)
    }

    /// A request body for `POST /v2/models/NAME/infer` that fits the model.
    package let sample: JSONValue

    /// Ends what was loaded and not taken, such as a worker.
    package func close() async {
        let left = first.withLock { first in
            defer { first = nil }
            return first
        }
        await left?.runtime.close()
    }

    /// Where the server's deployment finds the model.
    var source: ModelSource {
        ModelSource(
            resolve: { [name, version] model, _ in model == name ? version : nil },
            resolveAll: { [name, version] aliases in aliases.map { $0.model == name ? version : nil } },
            models: { [name, version] in [(name, version)] },
            load: { [self] _, _, _ in
                let loaded = first.withLock { first in
                    defer { first = nil }
                    return first
                }
                if let loaded { return loaded }
                return try await ModelWiring.load(
                    name,
                    version,
                    at: path,
                    checksum: checksum,
                    settings,
                    logger: logger
                )
            },
            moveAlias: { _, _, _ in
                throw MartletError(.failedPrecondition, "This server serves one model; there is nothing to move to.")
            }
        )
    }

    /// The deployment that serves the model.
    var spec: DeploymentSpec {
        get throws { try Self.spec(name) }
    }

    private static func spec(_ name: String) throws -> DeploymentSpec {
        let section: JSONValue = .object([name: ["model": .string(name), "alias": .string(alias)]])
        guard let spec = try DeploymentSpec.parse(section: section).first else {
            throw MartletError(.internal, "The deployment of '\(name)' was not understood.")
        }
        return spec
    }
}
