package import Core

/// What KServe's services become, as a `martlet.yaml` for people.
package enum KServeText {
    /// The `martlet.yaml` of the services in a text, without asking a server.
    ///
    /// - Parameters:
    ///   - yaml: documents of kind `InferenceService`.
    ///   - file: the file's name for people, which errors begin with.
    /// - Returns: the text, without a line break at its end; what is left out is said in comments.
    /// - Throws: `invalidArgument` or `unimplemented` naming file, line and field.
    package static func manifest(_ yaml: String, file: String) throws(MartletError) -> String {
        var manifest = try Manifest(yaml: yaml, file: file, steps: [])
        guard !manifest.services.isEmpty else {
            throw MartletError(.invalidArgument, "The file has no InferenceService; there is nothing to print.")
        }
        var lines = ["version: 1", "deployments:"]
        for service in manifest.services {
            do {
                try manifest.deploy(service, service.entry(model: service.name, selector: nil))
            } catch {
                throw YAMLPlace.locating(error, in: yaml, file: file)
            }
            lines.append("  \(service.name):")
            lines += service.remarks.map { "    # \($0)" }
            let (entry, comment) = self.entry(of: service)
            let text = YAMLText.write(.object(entry))
            lines += text.split(separator: "\n").map { "    \($0)" }
            if let comment { lines.append("    # \(comment)") }
        }
        return lines.joined(separator: "\n")
    }

    /// The entry as it will be, as far as that is known without a server.
    private static func entry(of service: InferenceService) -> (JSONObject, comment: String?) {
        guard case .registered(let model, let reference) = service.location else {
            let comment = "version: the one that applying registers from \(service.storageURI)"
            return (service.entry(model: service.name, selector: nil), comment)
        }
        let selector: (String, JSONValue) =
            switch reference {
            case .version(let version): ("version", .int(version))
            case .alias(let alias): ("alias", .string(alias))
            case .latest: ("alias", "latest")
            }
        return (service.entry(model: model, selector: selector), nil)
    }
}
