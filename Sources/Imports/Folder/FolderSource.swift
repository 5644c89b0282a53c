package import Core
import Foundation
import Registry
package import Tracking

/// Moving in from MLflow's file store: a folder such as `mlruns`.
package struct FolderSource: ImportSource {
    let root: String
    let locator: ArtifactLocator
    private let shownRoot: String
    package let files = SourceFiles(server: nil)

    /// Takes a folder.
    ///
    /// - Throws: `notFound` if there is none.
    package init(path: String, artifactsRoot: String? = nil) throws(MartletError) {
        guard let resolved = LocalFolder.resolved(path), LocalFolder.isFolder(resolved) else {
            throw MartletError(.notFound, "There is no folder at '\(path)'.")
        }
        root = resolved
        shownRoot = path
        locator = try ArtifactLocator(root: artifactsRoot, home: resolved)
    }

    package var title: String { "the folder \(root)" }
    package var identity: String { "file:\(root)" }

    package func check() async throws -> SourceFacts {
        let (root, shown) = (root, shownRoot)
        return try await BlockingWork.run {
            let names = try LocalFolder.entries(root, shown: shown).map(\.name)
            let isStore = names.contains { name in
                LocalFolder.isFolder("\(root)/\(name)") && Self.isFile("\(root)/\(name)/meta.yaml")
            }
            guard isStore || LocalFolder.isFolder("\(root)/models") else {
                let hint = names.contains("mlruns") ? " Did you mean '\(shown)/mlruns'?" : ""
                throw MartletError(.invalidArgument, "'\(shown)' is no folder of MLflow's file store.\(hint)")
            }
            var traces = 0
            for folder in try Self.experimentFolders(root) {
                traces += try LocalFolder.entries(folder + "/traces", shown: "traces").count
            }
            return SourceFacts(version: "file store", traces: traces)
        }
    }

    static func isFile(_ path: String) -> Bool {
        if case .file = LocalFolder.kind(path) { true } else { false }
    }

    /// The folders of experiments, those in the trash too.
    private static func experimentFolders(_ root: String) throws(MartletError) -> [String] {
        var folders: [String] = []
        for parent in [root, root + "/.trash"] {
            for entry in try LocalFolder.entries(parent, shown: parent == root ? "." : ".trash") {
                guard !entry.name.hasPrefix("."), entry.name != "models" || parent != root else { continue }
                if case .folder = entry.kind { folders.append(parent + "/" + entry.name) }
            }
        }
        return folders
    }

    /// The path from the root on, for messages.
    func shown(_ path: String) -> String {
        path.hasPrefix(root + "/") ? String(path.dropFirst(root.count + 1)) : path
    }

    func folder(of experiment: String) -> String {
        let folder = "\(root)/\(experiment)"
        return LocalFolder.isFolder(folder) ? folder : "\(root)/.trash/\(experiment)"
    }

    package func experiments() async throws -> [SourceItem<ImportedExperiment>] {
        let source = self
        return try await BlockingWork.run {
            var items: [SourceItem<ImportedExperiment>] = []
            for entry in try LocalFolder.entries(source.root, shown: source.shownRoot) {
                if case .link = entry.kind {
                    items.append(.broken(entry.name, LocalFolder.link(entry.name)))
                }
            }
            for folder in try Self.experimentFolders(source.root) {
                let name = source.shown(folder)
                items.append(SourceItem.reading("experiment \(name)") { try source.experiment(folder) })
            }
            return items.sorted { Self.order($0) < Self.order($1) }
        }
    }

    private static func order(_ item: SourceItem<ImportedExperiment>) -> Int64 {
        if case .found(let experiment) = item { Int64(experiment.id) ?? .max } else { .max }
    }

    private func experiment(_ folder: String) throws -> ImportedExperiment {
        let meta = try MetaFile.read(folder + "/meta.yaml", shown: shown(folder + "/meta.yaml"))
        let id = String(folder.split(separator: "/").last ?? "")
        guard meta.optionalText("experiment_id") == id else {
            throw MartletError(.dataLoss, "'\(shown(folder))/meta.yaml' names another experiment_id than its folder.")
        }
        let updated = meta.optionalTime("last_update_time")
        let created = meta.optionalTime("creation_time") ?? updated ?? Timestamp(milliseconds: 0)
        return ImportedExperiment(
            id: id,
            name: try meta.text("name"),
            lifecycle: meta.lifecycle("lifecycle_stage"),
            creationTime: created,
            lastUpdateTime: updated ?? created,
            tags: try values(folder + "/tags").map { Tag(key: $0.key, value: $0.value) }
        )
    }

    /// The texts of the files below a folder, by their path: how tags and params are kept.
    func values(_ folder: String) throws(MartletError) -> [(key: String, value: String)] {
        let name = shown(folder)
        let (files, refused) = try LocalFolder.files(folder, shown: name)
        if let link = refused.first { throw LocalFolder.link("\(name)/\(link)") }
        var values: [(key: String, value: String)] = []
        for file in files {
            let place = "\(name)/\(file.path)"
            let path = "\(folder)/\(file.path)"
            let bytes = try LocalFile.bytes(of: path, shown: place, limit: ImportsLimits.valueBytes)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw MartletError(.dataLoss, "'\(place)' is no text.")
            }
            values.append((file.path, text))
        }
        return values
    }
}
