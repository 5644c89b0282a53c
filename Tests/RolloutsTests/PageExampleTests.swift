import Core
import Foundation
import Rollouts
import Testing

@Suite("The page's examples")
struct PageExampleTests {
    private static let page = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "../../docs/rollouts.md"
    )

    @Test("Every example of docs/rollouts.md is a rollout, and each strategy has one")
    func examples() throws {
        let text = try String(contentsOf: Self.page, encoding: .utf8)
        var strategies: Set<RolloutStrategy> = []
        for part in text.components(separatedBy: "```yaml\n").dropFirst() {
            let example = part.components(separatedBy: "```")[0]
            let sections = try JSONFields(ExampleYAML.read(example)).fields("deployments")
            for name in sections.object.keys {
                let deployment = try sections.fields(name)
                try deployment.rejectUnknown(["model", "alias", "traffic", "rollout"])
                let spec = try RolloutSpec(fields: deployment.fields("rollout"))
                let again = try RolloutSpec(fields: JSONFields(spec.json, path: "rollout"))
                #expect(again == spec, "\(example)")
                strategies.insert(spec.strategy)
                if let traffic = try deployment.optionalFields("traffic") { _ = try TrafficSpec(fields: traffic) }
            }
        }
        #expect(strategies == Set(RolloutStrategy.allCases))
    }

    @Test("The reader of examples reads what they are made of")
    func reader() throws {
        let value = try ExampleYAML.read(
            """
            a: {b: [1, 2.5], c: x y}   # said
            d:
              - {e: "1, 2"}
              - f: true
                g: sum(x{y="{{z}}"}[5m])
            """
        )
        let expected = #"{"a":{"b":[1,2.5],"c":"x y"},"d":[{"e":"1, 2"},{"f":true,"g":"sum(x{y=\"{{z}}\"}[5m])"}]}"#
        #expect(value == (try JSONValue.parse(expected)))
    }
}

/// As much of YAML as the examples need: nested mappings and lists, in lines or in braces, plain and quoted scalars.
private struct ExampleYAML {
    private var lines: [(indent: Int, text: Substring)]

    static func read(_ text: String) throws -> JSONValue {
        var reader = ExampleYAML(
            lines: text.split(separator: "\n").compactMap { line in
                let code = line.range(of: " #").map { line[..<$0.lowerBound] } ?? line
                let body = code.drop { $0 == " " }
                let end = body.lastIndex { $0 != " " }
                return end.map { (code.count - body.count, body[...$0]) }
            }
        )
        return try reader.block()
    }

    private mutating func block() throws -> JSONValue {
        let indent = try #require(lines.first).indent
        var (items, members): ([JSONValue], JSONObject) = ([], [:])
        while let line = lines.first, line.indent == indent {
            if line.text.hasPrefix("- ") {
                let rest = line.text.dropFirst(2)
                if rest.first == "{" || !rest.contains(": ") {
                    lines.removeFirst()
                    items.append(Self.value(rest))
                } else {
                    lines[0] = (indent + 2, rest)
                    items.append(try block())
                }
                continue
            }
            lines.removeFirst()
            let colon = try #require(line.text.firstIndex(of: ":"))
            let rest = line.text[line.text.index(after: colon)...].drop { $0 == " " }
            members[String(line.text[..<colon])] = rest.isEmpty ? try block() : Self.value(rest)
        }
        return items.isEmpty ? .object(members) : .array(items)
    }

    private static func value(_ text: Substring) -> JSONValue {
        var rest = text
        guard text.first == "{" || text.first == "[" else { return scalar(text) }
        return flow(&rest)
    }

    private static func flow(_ rest: inout Substring) -> JSONValue {
        let opening = rest.first
        guard opening == "{" || opening == "[" else {
            if opening == "\"", let end = rest.dropFirst().firstIndex(of: "\"") {
                let text = rest[...end]
                rest = rest[rest.index(after: end)...]
                return scalar(text)
            }
            let text = rest.prefix { !",}]".contains($0) }
            rest = rest.dropFirst(text.count)
            return scalar(text)
        }
        rest.removeFirst()
        var (items, members): ([JSONValue], JSONObject) = ([], [:])
        while let next = rest.first, next != "}", next != "]" {
            if opening == "{" {
                let key = rest.prefix { $0 != ":" }
                rest = rest.dropFirst(key.count + 1).drop { $0 == " " }
                members[String(key)] = flow(&rest)
            } else {
                items.append(flow(&rest))
            }
            rest = rest.drop { $0 == "," || $0 == " " }
        }
        rest = rest.dropFirst()
        return opening == "{" ? .object(members) : .array(items)
    }

    private static func scalar(_ text: Substring) -> JSONValue {
        if text.first == "\"", text.last == "\"", text.count > 1 { return .string(String(text.dropFirst().dropLast())) }
        if let number = Int64(text) { return .integer(number) }
        if let number = Double(text) { return .number(number) }
        switch text {
        case "true": return true
        case "false": return false
        default: return .string(String(text))
        }
    }
}
