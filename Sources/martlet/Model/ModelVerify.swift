import Artifacts
import ArgumentParser
import Artifacts
import Core
import Registry
import Runtimes

/// `martlet model verify NAME VERSION`.
struct ModelVerify: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check the files of a version, its signatures, and whether it carries pickles.",
        discussion: "With --key the signature of that key is demanded and checked here, without trusting the server."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The model's name.")
    var model: String
    @Argument(help: "The version's number.")
    var version: Int
    @Option(help: "File with a public key that must have signed; repeat it for more.")
    var key: [String] = []
    @Option(help: "A folder with the version's files, to be compared with the manifest.")
    var directory: String?

    func run(_ session: Session) async throws {
        let answer = try await session.server.send("POST", ModelSupply.path(model, version, "verify"), [:])
        let manifest = try ModelSupply.manifest(answer, model, version)
        if !session.wroteJSON(answer) { show(answer, manifest, session.terminal) }
        if let fault = answer["files_fault"]?.stringValue { throw MartletError(.dataLoss, fault) }
        for file in key { try require(KeyFile.publicKey(file), answer, manifest) }
        if let directory { try compare(directory, manifest) }
        let faults = (answer["signatures"]?.arrayValue ?? []).filter { $0["is_valid"] != true }
        guard key.isEmpty, let first = faults.first else { return }
        throw MartletError(
            .dataLoss,
            "The signature of '\(Words.text(first["key_name"]))' does not count: \(Words.text(first["fault"]))."
        )
    }

    private func show(_ answer: JSONValue, _ manifest: ModelManifest, _ terminal: Terminal) {
        var facts = Facts()
        facts.add("version", "\(model) \(version)")
        facts.add("manifest", "\(manifest.files.count) files, \(manifest.sha256)")
        facts.add("files", answer["files_fault"]?.stringValue ?? "as they were registered")
        for signature in answer["signatures"]?.arrayValue ?? [] {
            let state = signature["fault"]?.stringValue ?? "valid"
            facts.add(
                "signed by",
                "\(Words.text(signature["key_name"])) (\(Words.text(signature["key_id"]))): \(state)"
            )
        }
        if answer["signatures"]?.arrayValue?.isEmpty ?? true { facts.add("signed by", "nobody") }
        for pickle in answer["pickles"]?.arrayValue ?? [] {
            facts.add("runs code", "\(Words.text(pickle["path"])): \(Words.text(pickle["reason"]))")
        }
        facts.write(to: terminal)
    }

    /// Demands a signature and checks it here.
    private func require(_ key: VerifyingKey, _ answer: JSONValue, _ manifest: ModelManifest) throws(MartletError) {
        let signatures = (answer["signatures"]?.arrayValue ?? []).filter { $0["key_id"]?.stringValue == key.id }
        let isSigned = signatures.contains { key.verifies($0["signature"]?.stringValue ?? "", of: manifest) }
        guard isSigned else {
            throw MartletError(.dataLoss, "Version \(version) of '\(model)' has no valid signature of \(key.id).")
        }
    }

    private func compare(_ directory: String, _ manifest: ModelManifest) throws {
        let sums = Dictionary(manifest.files.map { ($0.path, $0.digest.sha256) }) { first, _ in first }
        guard let finding = try ModelContent.check(directory, against: sums) else { return }
        let difference: ModelFile.Difference =
            switch finding.difference {
            case .missing: .missing
            case .changed: .changed
            case .added: .added
            }
        throw ModelFile.fault(finding.path, difference, of: model, version)
    }
}
