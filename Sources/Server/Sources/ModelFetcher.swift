import Artifacts
package import Core
import Foundation
import Imports

/// Brings a model from where it lies to this host.
package struct ModelFetcher: Sendable {
    /// A model that is here.
    package struct Fetched: Sendable, Equatable {
        /// The folder or file on this host.
        package let path: String
        /// The version's number when a registry told it.
        package let version: Int?
    }

    private let trackingURI: String?
    private let environment: [String: String]
    private let directory: String
    private let clock: Clock

    /// A fetcher that keeps what it downloads below `directory`.
    ///
    /// - Parameters:
    ///   - trackingURI: the MLflow server that `models:/` and `runs:/` are asked from; nil when there is none.
    ///   - environment: credentials of that server (`MLFLOW_TRACKING_TOKEN`, or `MLFLOW_TRACKING_USERNAME` and
    ///     `MLFLOW_TRACKING_PASSWORD`) and of buckets (`AWS_…`).
    ///   - directory: a folder of this process.
    ///   - clock: the time.
    package init(trackingURI: String?, environment: [String: String], directory: String, clock: Clock = .system) {
        self.trackingURI = trackingURI
        self.environment = environment
        self.directory = directory
        self.clock = clock
    }

    /// The model at a place, downloaded if need be.
    ///
    /// - Throws: `notFound`, `dataLoss` for a file whose checksum is another, `unavailable` when the server or bucket
    ///   is, `invalidArgument` naming the setting that is missing.
    package func fetch(_ location: ModelLocation) async throws -> Fetched {
        switch location {
        case .local(let path): return Fetched(path: try Self.existing(path), version: nil)
        case .bucket(let address): return Fetched(path: try await bucket(address), version: nil)
        case .artifacts(let path):
            return Fetched(path: try await bring("mlflow-artifacts:/\(path)", remote(), [:]), version: nil)
        case .loggedModel(let id):
            let remote = try remote()
            return Fetched(path: try await bring(remote.artifactURI(ofLoggedModel: id), remote, [:]), version: nil)
        case .run(let id, let path):
            let remote = try remote()
            let uri = try await remote.artifactURI(ofRun: id, path: path.description)
            return Fetched(path: try await bring(uri, remote, [:]), version: nil)
        case .registered(let name, let reference):
            let remote = try remote()
            let version =
                switch reference {
                case .version(let number): number
                case .alias(let alias): try await remote.version(of: name, alias: alias)
                case .latest: try await remote.latestVersion(of: name)
                }
            let uri = try await remote.artifactURI(of: name, version: version)
            let sums = try await remote.checksums(of: name, version: version)
            return Fetched(path: try await bring(uri, remote, sums), version: version)
        }
    }

    private static func existing(_ path: String) throws(MartletError) -> String {
        let shown = path.prefix(200)
        guard FileManager.default.fileExists(atPath: path) else {
            throw MartletError(.notFound, "There is no folder or file '\(shown)'.")
        }
        return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    private func remote() throws(MartletError) -> RemoteModels {
        guard let trackingURI, !trackingURI.isEmpty else {
            throw MartletError(
                .invalidArgument,
                "The model lies on a tracking server: name it with --tracking-uri or MLFLOW_TRACKING_URI, such as"
                    + " http://127.0.0.1:5000."
            )
        }
        guard trackingURI.hasPrefix("http://") || trackingURI.hasPrefix("https://") else {
            throw MartletError(
                .invalidArgument,
                "The tracking server must be an http:// or https:// address, not '\(trackingURI.prefix(80))': start"
                    + " `martlet up` or `mlflow server` over it, or name the model's folder."
            )
        }
        let client = try RESTClient(address: trackingURI, authorization: authorization, clock: clock)
        return RemoteModels(client: client)
    }

    private var authorization: String? {
        if let token = environment["MLFLOW_TRACKING_TOKEN"], !token.isEmpty { return "Bearer \(token)" }
        guard let user = environment["MLFLOW_TRACKING_USERNAME"], !user.isEmpty else { return nil }
        let password = environment["MLFLOW_TRACKING_PASSWORD"] ?? ""
        return "Basic \(Data("\(user):\(password)".utf8).base64EncodedString())"
    }

    /// The files at an artifact URI: handed out by the server, in a bucket, or on this host.
    private func bring(_ uri: String, _ remote: RemoteModels, _ checksums: [String: String]) async throws -> String {
        if let root = RemoteModels.proxied(uri) {
            let store = try DiskArtifactStore(root: directory)
            let folder = try ArtifactPath(validating: "model-\(Identifier.random())")
            let path = try await remote.download(root, to: store, folder: folder, checksums: checksums)
            return try await store.localURL(path)
        }
        switch try ModelLocation(uri) {
        case .bucket(let address): return try await bucket(address)
        case .local(let path): return try Self.existing(path)
        default:
            throw MartletError(
                .unimplemented,
                "The server keeps the model at '\(uri.prefix(200))', which Martlet does not read."
            )
        }
    }

    /// A folder or object of a bucket, in a cache that is checked at every use.
    private func bucket(_ address: String) async throws -> String {
        let chain = S3CredentialChain(environment: environment, home: environment["HOME"] ?? "")
        var parts = address.dropFirst("s3://".count).split(separator: "/").map(String.init)
        // The last name may be an object's, so that the folder above it is what the store stands on.
        let name = parts.count > 1 ? parts.removeLast() : nil
        let store = S3ArtifactStore(
            settings: try S3Settings.resolve(
                location: "s3://" + parts.joined(separator: "/"),
                environment: environment,
                profileRegion: chain.profileRegion
            ),
            credentials: chain.source,
            cache: try ArtifactCache(directory: "\(directory)/cache", clock: clock),
            clock: clock
        )
        do {
            return try await store.localURL(try name.map { try ArtifactPath(validating: $0) } ?? .root)
        } catch let error as MartletError where error.code == .notFound {
            throw MartletError(.notFound, "There is nothing at '\(address.prefix(200))'.", cause: error)
        }
    }
}
