import Core
import Yams

/// A YAML file, parsed, and the bytes it was parsed from.
struct YAMLFile {
    let bytes: [UInt8]
    let documents: [Node]

    static let tooLarge = MartletError(
        .payloadTooLarge,
        "The YAML file would have more than \(GitOpsLimits.fileBytes) bytes."
    )

    /// Parses a file.
    ///
    /// - Throws: `invalidArgument`, `payloadTooLarge`.
    init(_ bytes: [UInt8]) throws(MartletError) {
        guard bytes.count <= GitOpsLimits.fileBytes else { throw Self.tooLarge }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw MartletError(.invalidArgument, "The YAML file is not UTF-8.")
        }
        try Self.checkNesting(bytes)
        do {
            var sequence = try compose_all(yaml: text, .default, .default, .utf8)
            var documents: [Node] = []
            while let node = sequence.next() { documents.append(node) }
            if let error = sequence.error { throw error }
            self.documents = documents
        } catch {
            throw MartletError(.invalidArgument, "The YAML file is malformed\(Self.place(error)).", cause: error)
        }
        self.bytes = bytes
    }

    private static func place(_ error: any Error) -> String {
        guard let error = error as? YamlError else { return "" }
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return " in line \(mark.line): \(problem)"
        case .duplicatedKeysInMapping(let duplicates, let context):
            return " near line \(context.mark.line): the key '\(duplicates.first ?? "")' is there twice"
        default: return ""
        }
    }

    /// Refuses nesting that would exhaust the parser's stack: brackets, indentation and compact sequences.
    private static func checkNesting(_ bytes: [UInt8]) throws(MartletError) {
        var (open, column, dashes) = (0, 0, 0)
        var isLeading = true
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "["), UInt8(ascii: "{"): open += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): open = max(0, open - 1)
            default: break
            }
            switch byte {
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"): (column, dashes, isLeading) = (0, 0, true)
            case UInt8(ascii: " ") where isLeading: column += 1
            case UInt8(ascii: "-") where isLeading, UInt8(ascii: "?") where isLeading: dashes += 1
            default: isLeading = false
            }
            guard open <= GitOpsLimits.nesting, column / 2 + dashes <= GitOpsLimits.nesting else {
                throw MartletError(
                    .invalidArgument,
                    "The YAML file is nested deeper than \(GitOpsLimits.nesting) levels."
                )
            }
        }
    }

    /// The position of the document that is meant.
    func position(of document: Int?) throws(MartletError) -> Int {
        guard let document else {
            guard documents.count == 1 else {
                throw MartletError(
                    .failedPrecondition,
                    documents.isEmpty
                        ? "The YAML file is empty."
                        : "The YAML file has \(documents.count) documents; say with 'document' which one, from 0."
                )
            }
            return 0
        }
        guard documents.indices.contains(document) else {
            throw MartletError(.notFound, "The YAML file has \(documents.count) documents, and none at \(document).")
        }
        return document
    }

    /// The single value at a path, and where its text lies.
    func scalar(at path: YAMLPath, document: Int) throws(MartletError) -> YAMLScalar {
        var node = documents[document]
        for (depth, part) in path.parts.enumerated() {
            let here = path.parts.prefix(depth).joined(separator: ".")
            let place = here.isEmpty ? "at the top" : "under '\(here)'"
            switch node {
            case .mapping(let mapping):
                guard let found = mapping.first(where: { $0.key.scalar?.string == part })?.value else {
                    let isMerged = mapping.contains { $0.key.scalar?.string == "<<" }
                    throw MartletError(
                        .notFound,
                        "The YAML file has no '\(part)' \(place)"
                            + (isMerged ? "; what is merged with '<<' is not changed." : ".")
                    )
                }
                node = found
            case .sequence(let sequence):
                guard let index = Int(part), sequence.indices.contains(index) else {
                    throw MartletError(
                        .notFound,
                        "The YAML file has a sequence of \(sequence.count) \(place), and no '\(part)' in it."
                    )
                }
                node = sequence[index]
            default: throw MartletError(.notFound, "The YAML file has a single value \(place), and no '\(part)'.")
            }
        }
        guard case .scalar(let scalar) = node else {
            throw YAMLEdit.impossible(path, "it is a mapping, a sequence or an alias, and no single value")
        }
        return try YAMLScalar(scalar, in: bytes, path: path)
    }
}
