import Core

/// Where an artifact lies beneath the store's root: names joined by `/`, checked once, safe ever after.
///
/// Never absolute, no `.` or `..`, no empty component, no backslash, control character or `#`, and no `%41` that a
/// second decoding would turn into something else. The empty path is the root.
package struct ArtifactPath: Hashable, Sendable, CustomStringConvertible {
    /// The names, outermost first; empty for the root.
    package let components: [String]

    /// The directory that holds everything.
    package static let root = ArtifactPath(components: [])

    /// Where uploads wait until they are whole; no path may name it.
    static let incomingName = ".martlet-incoming"

    private init(components: [String]) {
        self.components = components
    }

    /// Checks a path that came from outside and was percent-decoded exactly once.
    ///
    /// - Throws: `invalidArgument` naming the path and the rule it breaks.
    package init(validating text: String) throws {
        let names = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard names.count <= ArtifactsLimits.components else {
            throw Self.refusal(text, "it has more than \(ArtifactsLimits.components) components")
        }
        for name in names {
            if let reason = Self.objection(to: name) { throw Self.refusal(text, reason) }
        }
        guard names.first != Self.incomingName else { throw Self.refusal(text, "the name is reserved") }
        self.init(components: names)
    }

    /// Where a probe of the store writes; outside every experiment.
    static func probe(named name: String) throws -> ArtifactPath {
        try ArtifactPath(validating: ".martlet-probe/\(name)")
    }

    /// The path as text, components joined by `/`.
    package var description: String { components.joined(separator: "/") }

    /// The last component, or the empty string for the root.
    package var name: String { components.last ?? "" }

    /// The directory that holds this path; the root's parent is the root.
    package var parent: ArtifactPath { ArtifactPath(components: components.dropLast()) }

    /// Whether this is the root.
    package var isRoot: Bool { components.isEmpty }

    /// The path of `relative` beneath this one.
    ///
    /// - Throws: `invalidArgument` as `init(validating:)` does, also when the joined path is too deep.
    package func appending(_ relative: String) throws -> ArtifactPath {
        try ArtifactPath(validating: isRoot ? relative : description + "/" + relative)
    }

    /// This path without the leading components of `base`, or nil if it does not lie beneath `base`.
    package func relative(to base: ArtifactPath) -> String? {
        guard components.count >= base.components.count, components.starts(with: base.components) else { return nil }
        return components.dropFirst(base.components.count).joined(separator: "/")
    }

    /// The path of a name that was read from the disk, or nil if it is one that we would never have written.
    func child(_ name: String) -> ArtifactPath? {
        guard components.count < ArtifactsLimits.components, Self.objection(to: name) == nil,
            !(isRoot && name == Self.incomingName)
        else { return nil }
        return ArtifactPath(components: components + [name])
    }

    private static func objection(to name: String) -> String? {
        if name.isEmpty { return "it is absolute or has an empty component" }
        if name == "." || name == ".." { return "'\(name)' is not allowed" }
        if name.utf8.count > ArtifactsLimits.componentBytes {
            return "a component is longer than \(ArtifactsLimits.componentBytes) bytes"
        }
        for byte in name.utf8
        where byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "#") {
            return "it holds a control character, a backslash or '#'"
        }
        return hasPercentEscape(name) ? "it is percent-encoded more than once" : nil
    }

    private static func hasPercentEscape(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        return bytes.indices.contains { index in
            bytes[index] == UInt8(ascii: "%") && index + 2 < bytes.count
                && isHexDigit(bytes[index + 1]) && isHexDigit(bytes[index + 2])
        }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    private static func refusal(_ text: String, _ reason: String) -> MartletError {
        let shown = String(text.prefix(200)).map { $0.isASCII && !$0.isNewline ? String($0) : "?" }.joined()
        return MartletError(.invalidArgument, "Invalid path '\(shown)': \(reason).")
    }
}
