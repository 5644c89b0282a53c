import Core

/// What a monitor compares with.
package enum ReferenceSource: Sendable, Equatable {
    /// The sample that came with the model version that the deployment trusts.
    case version
    /// Rows of a dataset, at a version of it if one is named.
    case dataset(name: String, version: String?)

    /// Reads `reference: version` or `reference: {dataset: name@version}`.
    ///
    /// - Parameter fields: What holds the key `reference`.
    /// - Throws: `invalidArgument` naming the key.
    init(_ fields: JSONFields) throws(MartletError) {
        guard let value = fields.value("reference") else {
            self = .version
            return
        }
        if let text = value.stringValue {
            guard text == "version" else {
                throw fields.invalid("reference", "must be version or {dataset: name@version}")
            }
            self = .version
            return
        }
        let inner = try fields.fields("reference")
        try inner.rejectUnknown(["dataset"])
        let text = try inner.string("dataset")
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let name = parts.first, !name.isEmpty, parts.allSatisfy({ !$0.isEmpty }),
            text.utf8.count <= 2 * MonitoringLimits.nameBytes
        else {
            throw inner.invalid("dataset", "must be the name of a dataset, or name@version")
        }
        self = .dataset(name: name, version: parts.count > 1 ? parts[1] : nil)
    }

    /// The source as specifications write it.
    var json: JSONValue {
        switch self {
        case .version: "version"
        case .dataset(let name, let version): ["dataset": .string(name + (version.map { "@\($0)" } ?? ""))]
        }
    }
}
