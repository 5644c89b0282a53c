import Foundation

/// Which module may import what, read from the table in ARCHITECTURE.md, so that text and rule are one.
struct ImportTable {
    /// One row: sibling modules and third-party families; a family marked `*` is for the `HTTP/` folder alone.
    struct Row: Equatable {
        var modules: Set<String>
        var families: Set<String>
        var familiesInHTTP: Set<String>
    }

    /// Rows by module.
    let rows: [String: Row]

    /// Modules that ship with the toolchain and need no permission.
    static let toolchain: Set<String> = [
        "Swift", "Foundation", "FoundationEssentials", "Synchronization", "Dispatch", "Glibc", "Musl", "Darwin",
    ]

    /// Third-party modules by the family that the table names.
    static let families: [String: Set<String>] = [
        "ArgumentParser": ["ArgumentParser"],
        "SwiftProtobuf": ["SwiftProtobuf"],
        "AsyncHTTPClient": ["AsyncHTTPClient", "NIOCore", "NIOHTTP1", "NIOPosix", "HTTPTypes"],
        "Crypto": ["Crypto", "CryptoExtras"],
        "GRDB": ["GRDB", "GRDBSQLite"],
        "Histogram": ["Histogram"],
        "Hummingbird": [
            "Hummingbird", "HummingbirdCore", "HTTPTypes", "NIOCore", "NIOHTTP1", "NIOPosix", "NIOFoundationCompat",
            "ServiceLifecycle",
        ],
        "Logging": ["Logging"],
        "Metrics": ["Metrics", "CoreMetrics"],
        "JWTKit": ["JWTKit"],
        "NIOEmbedded": ["NIOEmbedded"],
        "NIOSSL": ["NIOSSL", "NIOTLS"],
        "NIO": ["NIOCore", "NIOPosix", "NIOHTTP2", "NIOHPACK"],
        "Mustache": ["Mustache"],
        "ServiceLifecycle": ["ServiceLifecycle", "UnixSignals"],
        "Testing": ["Testing"],
        "Subprocess": ["Subprocess", "SystemPackage"],
        "Yams": ["Yams"],
    ]

    /// Reads the table: rows `| Module | owns | may import | third party |` under the header that starts `| module |`.
    init(architecture: SourceFile) {
        var rows: [String: Row] = [:]
        var inside = false
        for line in architecture.lines {
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
                .map { $0.filter { $0 != " " } }
            guard cells.count == 4 else {
                inside = false
                continue
            }
            if cells[0] == "module" {
                inside = true
            } else if inside, !cells[0].hasPrefix("---") {
                rows[cells[0]] = Self.row(modules: cells[2], thirdParty: cells[3])
            }
        }
        self.rows = rows
    }

    private static func row(modules: String, thirdParty: String) -> Row {
        let names = { (cell: String) in
            cell.split(separator: ",").map(String.init).filter { $0 != "–" && $0 != "none" }
        }
        let families = names(thirdParty)
        return Row(
            modules: Set(names(modules)),
            families: Set(families.filter { !$0.hasSuffix("*") }),
            familiesInHTTP: Set(families.filter { $0.hasSuffix("*") }.map { String($0.dropLast()) })
        )
    }

    /// The imports of a product source that its row does not allow.
    func violations(in file: SourceFile) -> [Violation] {
        guard file.isSource, let module = file.module else { return [] }
        guard let row = rows[module] else {
            return [Violation(path: file.path, line: 1, message: "module \(module) has no row in ARCHITECTURE.md")]
        }
        var families = row.families
        if file.components.contains("HTTP") { families.formUnion(row.familiesInHTTP) }
        let thirdParty = Set(families.flatMap { Self.families[$0] ?? [] })
        let allowed = Self.toolchain.union(row.modules).union(thirdParty)
        return Self.imports(of: file).filter { !allowed.contains($0.name) }.map { line, name in
            let place = row.familiesInHTTP.contains { Self.families[$0]?.contains(name) == true }
            let remedy = place ? "only its HTTP/ folder may" : "ARCHITECTURE.md §2 does not allow it"
            return Violation(path: file.path, line: line, message: "\(module) imports \(name): \(remedy)")
        }
    }

    /// Line and module of every import.
    static func imports(of file: SourceFile) -> [(line: Int, name: String)] {
        let kinds: Set<String> = ["struct", "class", "enum", "protocol", "func", "let", "var", "typealias"]
        return file.code.enumerated().compactMap { index, text in
            let words = text.split(separator: " ")
            guard let at = words.firstIndex(of: "import"), at + 1 < words.count else { return nil }
            guard
                words[..<at].allSatisfy({
                    ["package", "public", "internal", "private"].contains($0) || $0.first == "@"
                })
            else { return nil }
            var name = words[at + 1]
            if kinds.contains(String(name)), at + 2 < words.count { name = words[at + 2] }
            return (index + 1, String(name.prefix { $0 != "." }))
        }
    }
}
