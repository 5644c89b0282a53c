package import Core

/// One thing that was made of others, or that others were made of: `model:cancer/3`, `dataset:patients@5f3a…`.
package struct LineageNode: Hashable, Sendable, CustomStringConvertible {
    /// What it is.
    package enum Kind: String, Sendable, CaseIterable {
        /// A row of the ledger, by its request id.
        case prediction
        /// A version of a registered model, `name/3`.
        case model
        /// A deployment, by name.
        case deployment
        /// A run of a pipeline, by id.
        case run
        /// A task of a run, `run/task`.
        case task
        /// A run of tracking, by id.
        case training
        /// The contents of a dataset, `name@version`.
        case dataset
        /// A file or folder, by SHA-256.
        case artifact
        /// What a task ran, by SHA-256.
        case code
        /// A container image.
        case image
        /// A loop, by id.
        case loop
    }

    /// What it is.
    package let kind: Kind
    /// Which one.
    package let key: String

    /// Names a thing; a key past `LineageLimits.keyBytes` is cut and ends with its checksum.
    package init(_ kind: Kind, _ key: String) {
        self.kind = kind
        self.key = Self.bounded(key)
    }

    /// `kind:key`.
    package var description: String { "\(kind.rawValue):\(key)" }

    /// A version of a registered model.
    package static func model(_ name: String, _ version: Int) -> LineageNode {
        LineageNode(.model, "\(name)/\(version)")
    }

    /// The contents of a dataset.
    package static func dataset(_ name: String, _ version: String) -> LineageNode {
        LineageNode(.dataset, "\(name)@\(version)")
    }

    /// A task of a run.
    package static func task(_ run: String, _ task: String) -> LineageNode {
        LineageNode(.task, "\(run)/\(task)")
    }

    /// Reads `kind:key`.
    ///
    /// - Throws: `invalidArgument` that shows how things are named.
    package static func parse(_ text: String) throws(MartletError) -> LineageNode {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let kind = Kind(rawValue: String(parts[0])), !parts[1].isEmpty,
            text.utf8.count <= 4 * LineageLimits.keyBytes, !text.utf8.contains(0)
        else {
            throw MartletError(
                .invalidArgument,
                "'\(text.prefix(100))' names nothing whose lineage is kept; write it like prediction:ID, model:name/3, "
                    + "dataset:name@version, run:ID or artifact:sha256."
            )
        }
        return LineageNode(kind, String(parts[1]))
    }

    private static func bounded(_ key: String) -> String {
        guard key.utf8.count > LineageLimits.keyBytes else { return key }
        var sum: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in key.utf8 { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01B3 }
        var head = String(key.prefix(LineageLimits.keyBytes - 20))
        while head.utf8.count > LineageLimits.keyBytes - 20 { head.removeLast() }
        return "\(head)~\(String(sum, radix: 16))"
    }
}
