import Core
import Foundation
import Yams

/// A `meta.yaml` of MLflow's file store: names and texts, at most a few levels deep.
enum MetaFile {
    private static let depth = 4

    /// Reads a file; every scalar is text, and null is null.
    ///
    /// - Throws: `notFound`, `dataLoss` with the line if it is malformed, `payloadTooLarge`.
    static func read(_ path: String, shown: String) throws(MartletError) -> SourceFields {
        let bytes = try LocalFile.bytes(of: path, shown: shown, limit: ImportsLimits.metaBytes)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw MartletError(.dataLoss, "'\(shown)' is no text.")
        }
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw MartletError(.dataLoss, "'\(shown)' is malformed\(place(of: error)).", cause: error)
        } catch {
            throw MartletError(.dataLoss, "'\(shown)' is malformed.", cause: error)
        }
        var nodes = ImportsLimits.metaNodes
        guard let node, case .mapping = node, let value = value(of: node, depth: depth, &nodes) else {
            throw MartletError(.dataLoss, "'\(shown)' is malformed: it must hold names and values.")
        }
        return SourceFields(value)
    }

    private static func place(of error: YamlError) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            " (\(problem) at line \(mark.line))"
        case .duplicatedKeysInMapping: " (a name appears twice)"
        default: ""
        }
    }

    /// Nil past the limits.
    private static func value(of node: Node, depth: Int, _ nodes: inout Int) -> JSONValue? {
        nodes -= 1
        guard nodes > 0, depth > 0 else { return nil }
        switch node {
        case .scalar(let scalar):
            let isNull = scalar.style == .plain && ["null", "~", ""].contains(scalar.string.lowercased())
            return isNull ? .null : .string(scalar.string)
        case .sequence(let sequence):
            var elements: [JSONValue] = []
            for element in sequence {
                guard let element = value(of: element, depth: depth - 1, &nodes) else { return nil }
                elements.append(element)
            }
            return .array(elements)
        case .mapping(let mapping):
            var object = JSONObject()
            for (key, member) in mapping {
                guard case .scalar(let name) = key, let member = value(of: member, depth: depth - 1, &nodes) else {
                    return nil
                }
                object[name.string] = member
            }
            return .object(object)
        case .alias: return nil
        }
    }
}
