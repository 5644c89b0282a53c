import ArgumentParser
import Core
import Registry

/// `martlet model sign NAME VERSION --key FILE`.
struct ModelSign: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Sign the manifest of a version; the private key stays here."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The model's name.")
    var model: String
    @Argument(help: "The version's number.")
    var version: Int
    @Option(help: "File with the private key, as `martlet model keygen` writes it.")
    var key: String

    func run(_ session: Session) async throws {
        let key = try KeyFile.privateKey(self.key)
        let report = try await session.server.get(ModelSupply.path(model, version, "supply"))
        // What is signed is what was asked for, whatever the server says.
        let manifest = try ModelSupply.manifest(report, model, version)
        let answer = try await session.server.send(
            "POST",
            ModelSupply.path(model, version, "signatures"),
            ["key": .string(key.verifyingKey.id), "signature": .string(try key.sign(manifest))]
        )
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line(
            DisplayText.safe("signed \(model) version \(version): \(manifest.files.count) files, \(manifest.sha256)")
        )
    }
}

/// What a server tells about where a version comes from.
enum ModelSupply {
    /// A path of a version in the API.
    static func path(_ model: String, _ version: Int, _ rest: String) -> String {
        "/api/martlet/v1/models/\(ServerClient.segment(model))/versions/\(version)/\(rest)"
    }

    /// The manifest in a report.
    ///
    /// - Throws: `dataLoss` when it is of another model or version, `failedPrecondition` when it has no files.
    static func manifest(_ report: JSONValue, _ model: String, _ version: Int) throws(MartletError) -> ModelManifest {
        guard report["manifest"]?.stringValue?.split(separator: "\n").count ?? 0 > 3 else {
            throw MartletError(
                .failedPrecondition,
                "Version \(version) of '\(model)' has no manifest: it was registered before its files were there."
            )
        }
        let manifest = try ModelManifest(text: report["manifest"]?.stringValue ?? "")
        guard manifest.model == model, manifest.version == version else {
            throw MartletError(.dataLoss, "The server answered with the manifest of another version.")
        }
        return manifest
    }
}
