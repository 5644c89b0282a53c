import Artifacts
import Core
import Registry
import Tracking

/// Logged models and registered models.
extension Importer {
    func importLoggedModels(of experiment: ImportedExperiment, into id: String) async throws {
        let items = try await source.loggedModels(of: experiment.id)
        guard !items.isEmpty else { return }
        var root = ArtifactPath.root
        if let destination {
            let location = try await destination.tracking.experiment(id).artifactLocation
            root = ArtifactURI.path(of: location) ?? .root
        }
        for item in items {
            tally.add(.loggedModels)
            switch item {
            case .broken(let name, let error): tally.problem("\(name): \(error.message)")
            case .found(let model):
                do {
                    try await importLoggedModel(model, into: id, root)
                } catch {
                    guard !Self.isFinal(error) else { throw error }
                    tally.problem("logged model \(model.model.id): \(MartletError.wrapping(error).message)")
                }
            }
        }
    }

    private func importLoggedModel(
        _ source: SourceLoggedModel,
        into experiment: String,
        _ root: ArtifactPath
    ) async throws {
        let model = source.model
        var print = Fingerprint()
        print.add("\(model)")
        let fingerprint = print.text
        let known = try await progress?.record(.loggedModel, model.id)
        tally.add(.loggedModelPoints, model.metrics.count)
        if let known, known.fingerprint == fingerprint {
            tally.add(.files, known.files)
            tally.add(.bytes, Int(known.bytes))
            tally.stored(loggedModel: model.id, files: known.files)
            return
        }
        let folder = destination == nil ? root : try root.appending("models/\(model.id)/artifacts")
        let (files, bytes) = try await copyFiles(source.place, to: folder, of: "logged model \(model.id)")
        tally.add(.files, files)
        tally.add(.bytes, Int(bytes))
        guard let destination, let progress else { return }
        let record = ImportProgress.Record(
            destination: experiment,
            fingerprint: fingerprint,
            files: files,
            bytes: bytes
        )
        let now = clock.now
        try await destination.tracking.importLoggedModel(model, experimentID: experiment) { connection in
            try progress.write(record, .loggedModel, model.id, now: now, in: connection)
        }
        tally.stored(loggedModel: model.id, files: files)
    }

    func importModels() async throws {
        for item in try await source.registeredModels() {
            switch item {
            case .broken(let name, let error):
                guard options.experiments.isEmpty else { continue }
                tally.add(.models)
                tally.problem("\(name): \(error.message)")
            case .found(let model):
                do {
                    try await importModel(model)
                } catch {
                    guard !Self.isFinal(error) else { throw error }
                    tally.problem("model \(model.name): \(MartletError.wrapping(error).message)")
                }
            }
        }
    }

    private func importModel(_ original: ImportedModel) async throws {
        var model = original
        if !options.experiments.isEmpty {
            // Of chosen experiments come the versions that their runs made.
            var versions: [ImportedVersion] = []
            for version in model.versions where !version.isDeleted {
                if try await isStored(run: version.runID) { versions.append(version) }
            }
            guard !versions.isEmpty else { return }
            let numbers = Set(versions.map(\.version))
            model.versions = versions
            model.aliases = model.aliases.filter { numbers.contains($0.version) }
        }
        let live = model.versions.filter { !$0.isDeleted }.map(\.version)
        tally.add(.models)
        tally.add(.versions, live.count)
        tally.add(.aliases, model.aliases.count)
        guard let destination, let progress else { return }
        tally.stored(model: model.name, versions: live, aliases: model.aliases.map(\.name))
        var print = Fingerprint()
        print.add("\(model)")
        let fingerprint = print.text
        if try await progress.record(.model, model.name)?.fingerprint == fingerprint { return }
        var isWhole = true
        for index in model.versions.indices where !model.versions[index].isDeleted {
            if try await !place(&model.versions[index], of: model.name) { isWhole = false }
        }
        let (record, now, name) = (ImportProgress.Record(fingerprint: fingerprint), clock.now, model.name)
        let isComplete = isWhole
        let refused = try await destination.registry.importModel(model) { connection in
            guard isComplete else { return }
            try progress.write(record, .model, name, now: now, in: connection)
        }
        for version in refused {
            tally.problem(
                "model \(model.name): another version has the number \(version) here; rename one of the models."
            )
        }
    }

    private func isStored(run id: String) async throws -> Bool {
        guard !id.isEmpty else { return false }
        guard let destination else { return true }
        return try await destination.tracking.exists(run: id)
    }

    /// Finds where a version's files lie here; false if they belong to nothing that was imported.
    private func place(_ version: inout ImportedVersion, of model: String) async throws -> Bool {
        let isLogical = version.source.hasPrefix("runs:/") || version.source.hasPrefix("models:/")
        for uri in [version.artifactURI, version.source] {
            guard let here = try await location(of: uri) else { continue }
            version.artifactURI = here
            if !isLogical { version.source = here }
            return true
        }
        tally.problem(
            "model \(model): the files of version \(version.version) belong to no run or logged model that was "
                + "imported; the version is kept without them."
        )
        version.artifactURI = ""
        if !isLogical { version.source = "" }
        return false
    }

    /// The URI here of what a URI of the source names.
    private func location(of uri: String) async throws -> String? {
        if uri == "dummy-source" || uri == "prompt-template" { return uri }
        if ArtifactLocator.foreignSchemes.contains(where: { uri.hasPrefix($0 + "://") }) { return uri }
        if uri.hasPrefix("models:/") {
            let id = String(uri.dropFirst("models:/".count))
            return id.hasPrefix("m-") ? try await root(ofModel: id) : nil
        }
        if uri.hasPrefix("runs:/") {
            let parts = uri.dropFirst("runs:/".count).split(separator: "/", maxSplits: 1).map(String.init)
            guard parts.count == 2, let root = try await root(ofRun: parts[0]) else { return nil }
            return acceptable("\(root)/\(parts[1])")
        }
        let components = uri.split(separator: "/").map(String.init)
        for index in components.indices.dropFirst() where components[index] == "artifacts" {
            let owner = components[index - 1]
            let found = owner.hasPrefix("m-") ? try await root(ofModel: owner) : try await root(ofRun: owner)
            guard let found else { continue }
            let rest = components[(index + 1)...]
            return acceptable(rest.isEmpty ? found : "\(found)/\(rest.joined(separator: "/"))")
        }
        return nil
    }

    private func acceptable(_ uri: String) -> String? {
        !uri.hasPrefix(ArtifactURI.prefix) || ArtifactURI.path(of: uri) != nil ? uri : nil
    }

    private func root(ofRun id: String) async throws -> String? {
        guard let destination, try await destination.tracking.exists(run: id) else { return nil }
        return try await destination.tracking.run(id).info.artifactURI
    }

    private func root(ofModel id: String) async throws -> String? {
        guard let destination else { return nil }
        do {
            return try await destination.tracking.loggedModel(id, includingDeleted: true).artifactURI
        } catch let error as MartletError where error.code == .notFound {
            return nil
        }
    }
}
