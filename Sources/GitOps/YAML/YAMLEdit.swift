package import Core
import Yams

/// One value of a YAML file, replaced in place: every other byte stays.
///
/// The file is parsed before and after, and both trees must be equal but for the value: what cannot be done exactly is
/// refused with a reason.
package enum YAMLEdit {
    /// A file before and after.
    package struct Change: Sendable, Equatable {
        /// The file with the new value; as it was when the value was there already.
        package let bytes: [UInt8]
        /// The value that was there.
        package let old: String
        /// The line of the value, from 1.
        package let line: Int
        /// Whether anything changed.
        package let isChanged: Bool
    }

    /// Replaces the value at a key path.
    ///
    /// - Parameters:
    ///   - path: the way to it.
    ///   - value: its new text; it is quoted as the old one is, and must be of the same type.
    ///   - document: the position of its document, from 0; nil when the file must have one only.
    ///   - bytes: the file.
    /// - Returns: the file before and after.
    /// - Throws: `invalidArgument` for a file that is no YAML, `notFound` without the value, `failedPrecondition` for a value
    ///   that cannot be replaced exactly.
    package static func replace(
        _ path: YAMLPath,
        with value: String,
        document: Int? = nil,
        in bytes: [UInt8]
    ) throws(MartletError) -> Change {
        try check(value)
        let file = try YAMLFile(bytes)
        let position = try file.position(of: document)
        let scalar = try file.scalar(at: path, document: position)
        if scalar.node.string == value {
            return Change(bytes: bytes, old: scalar.node.string, line: scalar.line, isChanged: false)
        }
        let written = try YAMLScalar.written(value, like: scalar, path: path)
        var edited = bytes
        edited.replaceSubrange(scalar.range, with: written)
        guard edited.count <= GitOpsLimits.fileBytes else { throw YAMLFile.tooLarge }
        try prove(file, edited, path, value, position)
        return Change(bytes: edited, old: scalar.node.string, line: scalar.line, isChanged: true)
    }

    private static func check(_ value: String) throws(MartletError) {
        let isPrintable = value.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
        let isOneLine = !value.unicodeScalars.contains { $0.value == 0x2028 || $0.value == 0x2029 }
        guard (1...GitOpsLimits.valueCharacters).contains(value.count), isPrintable, isOneLine else {
            throw MartletError(
                .invalidArgument,
                "A value that is written back has 1 to \(GitOpsLimits.valueCharacters) characters on one line."
            )
        }
    }

    /// Parses what was written: only the value may be another, and it must be what was wanted, of the type it had.
    private static func prove(
        _ file: YAMLFile,
        _ edited: [UInt8],
        _ path: YAMLPath,
        _ value: String,
        _ position: Int
    ) throws(MartletError) {
        let after: YAMLFile
        do {
            after = try YAMLFile(edited)
        } catch {
            throw impossible(path, "the file would no longer be YAML; quote the value in the file")
        }
        var comparison = YAMLComparison(value: value)
        guard file.documents.count == after.documents.count else {
            throw impossible(path, "the file would have other documents")
        }
        for (index, pair) in zip(file.documents, after.documents).enumerated() {
            switch comparison.compare(pair.0, pair.1, at: index == position ? path.parts[...] : nil) {
            case .same: continue
            case .otherType:
                throw impossible(path, "'\(value)' would be read as another type; quote the value in the file")
            case .otherValue:
                throw impossible(path, "another value would change with it: an anchor and its aliases share it")
            case .tooMuch: throw impossible(path, "the file has too many values")
            }
        }
    }

    static func impossible(_ path: YAMLPath, _ reason: String) -> MartletError {
        MartletError(.failedPrecondition, "The value at '\(path)' cannot be replaced exactly: \(reason).")
    }
}
