import Artifacts
import Core
import Foundation
import Registry
import Runtimes
import Tracking

/// Makes a version of a registered model out of what an `InferenceService` names.
///
/// The same address makes one version, however often it is applied. What lies on this server is registered where it
/// is; what lies in a bucket or beside the manifest is copied to a run of its own first, so that it cannot change later.
struct ModelEnrolment: Sendable {
    let registry: RegistryStore
    let tracking: TrackingStore
    let artifacts: any ArtifactStore
    /// The directory below which files may be read.
    let files: String
    /// Where downloads go until they are stored.
    let scratch: String
    let environment: [String: String]
    let clock: Clock

    /// The tag of a version that says which address it was made from.
    static let tag = "martlet.storage_uri"
    private static let experiment = "kserve"
    private static let folder = "model"

    /// What a service's model is called in the registry before anything is registered.
    enum Reference: Equatable {
        /// A version there is.
        case version(Int)
        /// What an alias names.
        case alias(String)
        /// What will be registered when the service is applied, with the number that it is going to have.
        case new(Int)
    }

    /// The model of a service and how its version is found; nothing is registered.
    func reference(of service: InferenceService) async throws -> (model: String, Reference) {
        if case .registered(let model, let reference) = service.location {
            switch reference {
            case .version(let version): return (model, .version(version))
            case .alias(let alias): return (model, .alias(alias))
            case .latest: return (model, .alias("latest"))
            }
        }
        let versions = try await versions(of: service.name)
        let known = versions.last { $0.tag(Self.tag) == service.storageURI }
        return (service.name, known.map { .version($0.version) } ?? .new((versions.last?.version ?? 0) + 1))
    }

    private func versions(of model: String) async throws -> [ModelVersion] {
        do {
            return try await registry.versions(of: model).sorted { $0.version < $1.version }
        } catch let error as MartletError where error.code == .notFound {
            return []
        }
    }

    /// Registers a service's model, or finds the version that was made from the same address.
    ///
    /// - Returns: the version's number.
    func enrol(_ service: InferenceService) async throws -> Int {
        let source = try await source(of: service)
        do {
            try await registry.createModel(name: service.name)
        } catch let error as MartletError where error.code == .alreadyExists {}
        return try await registry.createVersion(
            model: service.name,
            source: source.uri,
            runID: source.run,
            tags: [ModelTag(key: Self.tag, value: service.storageURI)],
            description: "From InferenceService '\(service.name)'.",
            uniqueTag: Self.tag,
            mustHaveFiles: true
        ).version
    }

    private func source(of service: InferenceService) async throws -> (uri: String, run: String?) {
        switch service.location {
        case .run(let run, _): return (service.storageURI, run)
        case .loggedModel, .registered: return (service.storageURI, nil)
        case .artifacts(let path): return (service.storageURI, try Self.run(of: path))
        case .local(let path): return try await copy(try allowed(path), service)
        case .bucket:
            let folder = "\(scratch)/enrolment-\(Identifier.random())"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let fetcher = ModelFetcher(trackingURI: nil, environment: environment, directory: folder, clock: clock)
            return try await copy(try await fetcher.fetch(service.location).path, service)
        }
    }

    /// The run of a folder below `<experiment>/<run>/artifacts`.
    private static func run(of path: ArtifactPath) throws(MartletError) -> String {
        let names = path.description.split(separator: "/").map(String.init)
        guard names.count > 3, names[2] == "artifacts" else {
            throw MartletError(
                .invalidArgument,
                "'mlflow-artifacts:/\(path)' is no folder of a run; write runs:/RUN/PATH or models:/m-ID."
            )
        }
        return names[1]
    }

    /// A path of this host below the directory that `--files` names.
    private func allowed(_ path: String) throws(MartletError) -> String {
        let root = URL(fileURLWithPath: files).resolvingSymlinksInPath().standardizedFileURL.path
        let place = URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
        guard root == "/" || place.hasPrefix(root + "/") else {
            throw MartletError(
                .permissionDenied,
                "The model's file lies outside the directory that this server reads files from; put it there, or name a "
                    + "directory above with --files."
            )
        }
        guard FileManager.default.fileExists(atPath: place) else {
            throw MartletError(.notFound, "The server does not find the model's file.")
        }
        return place
    }

    /// Copies a folder or file to a run of its own.
    private func copy(_ path: String, _ service: InferenceService) async throws -> (uri: String, run: String?) {
        let (store, found) = try await Self.found(path)
        guard found.count <= ServerLimits.enrolledFiles else {
            throw MartletError(
                .resourceExhausted,
                "The model has more than \(ServerLimits.enrolledFiles) files; name its own folder."
            )
        }
        let description = try Self.description(found.map(\.description), format: service.format)
        let run = try await tracking.createRun(
            experimentID: try await experimentID(),
            name: service.name,
            tags: [Tag(key: Self.tag, value: service.storageURI)]
        ).info.id
        do {
            let root = try await tracking.artifactRoot(runID: run).appending(Self.folder)
            for file in found {
                try await artifacts.write(
                    try root.appending(file.description),
                    chunks: try await store.read(file, range: nil).chunks
                )
            }
            if let description {
                try await artifacts.write(try root.appending("MLmodel"), bytes: Array(description.utf8))
            }
            try await check(root, service)
            try await tracking.updateRun(run, status: .finished, endTime: clock.now)
        } catch {
            _ = try? await tracking.updateRun(run, status: .failed, endTime: clock.now)
            throw error
        }
        return ("runs:/\(run)/\(Self.folder)", run)
    }

    private static func found(_ path: String) async throws -> (DiskArtifactStore, [ArtifactPath]) {
        var isDirectory: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
        let url = URL(fileURLWithPath: path)
        guard isDirectory.boolValue else {
            let store = try DiskArtifactStore(root: url.deletingLastPathComponent().path)
            return (store, [try ArtifactPath(validating: url.lastPathComponent)])
        }
        let store = try DiskArtifactStore(root: path)
        return (store, try await store.files(beneath: .root).map(\.path))
    }

    private func experimentID() async throws -> String {
        do {
            return try await tracking.createExperiment(name: Self.experiment)
        } catch let error as MartletError where error.code == .alreadyExists {
            return try await tracking.experiment(named: Self.experiment).id
        }
    }

    /// What is missing beside a model file as KServe's own servers take it: an `MLmodel` that names it.
    static func description(_ files: [String], format: String) throws(MartletError) -> String? {
        guard !files.contains("MLmodel") else { return nil }
        let endings = [
            "xgboost": ["ubj", "json", "xgb", "bst"], "lightgbm": ["txt", "lgb", "bst"], "onnx": ["onnx"],
        ][format]
        guard let endings else {
            throw MartletError(
                .unimplemented,
                "The model has no 'MLmodel': save it with mlflow, such as mlflow.sklearn.save_model(model, \"folder\"), "
                    + "and name that folder; a Python worker runs it."
            )
        }
        let models = files.filter { file in
            endings.contains(file.split(separator: ".").last.map { $0.lowercased() } ?? "")
        }
        guard models.count == 1, let model = models.first else {
            throw MartletError(
                .invalidArgument,
                "The place has \(models.count) files that may be the \(format) model (*.\(endings.joined(separator: ", *."))); "
                    + "name the file itself."
            )
        }
        return "flavors:\n  \(format):\n    data: \(JSONValue.string(model))\n"
    }

    /// Opens what was stored, so that what cannot be served is refused before it is registered.
    private func check(_ root: ArtifactPath, _ service: InferenceService) async throws {
        let path = try await artifacts.localURL(root)
        let directory = try await BlockingWork.run { try ModelDirectory.open(path) }
        guard let wanted = ModelFlavor(rawValue: service.format), directory.flavor != .python else { return }
        guard directory.flavor == wanted else {
            throw MartletError(
                .invalidArgument,
                "'\(service.name)' says the format \(service.format), but the files are a model of "
                    + "\(directory.flavor.rawValue)."
            )
        }
    }
}
