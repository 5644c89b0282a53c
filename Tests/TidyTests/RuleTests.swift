import Testing

/// The remaining rules catch a planted violation and name its line.
@Suite("Rules catch what they name")
struct RuleTests {
    private func file(_ text: String, _ path: String = "Sources/Core/Planted.swift") -> SourceFile {
        SourceFile(path: path, text: text)
    }

    private let table = ImportTable(
        architecture: SourceFile(
            path: "ARCHITECTURE.md",
            text: """
                | module | owns | may import | third party |
                | --- | --- | --- | --- |
                | Core | values | – | none |
                | Tracking | runs | Core, Storage | Hummingbird*, Logging |

                | other | table | of | four |
                """
        )
    )

    @Test("the table is read from Markdown")
    func tableRows() {
        #expect(table.rows.keys.sorted() == ["Core", "Tracking"])
        #expect(table.rows["Tracking"]?.modules == ["Core", "Storage"])
        #expect(table.rows["Tracking"]?.families == ["Logging"])
        #expect(table.rows["Tracking"]?.familiesInHTTP == ["Hummingbird"])
    }

    @Test(
        "imports that are not in the table",
        arguments: [
            ("Sources/Core/A.swift", "import Tracking"),
            ("Sources/Core/A.swift", "package import Logging"),
            ("Sources/Tracking/Store.swift", "import Hummingbird"),
            ("Sources/Tracking/Store.swift", "import NIOCore"),
            ("Sources/Tracking/HTTP/Routes.swift", "import Registry"),
            ("Sources/Tracking/A.swift", "import struct GRDB.Row"),
            ("Sources/Unknown/A.swift", "import Foundation"),
        ]
    )
    func forbiddenImport(path: String, text: String) {
        #expect(table.violations(in: file("\n\(text)", path)).count == 1)
    }

    @Test(
        "imports that are",
        arguments: [
            ("Sources/Core/A.swift", "import Foundation\nimport Synchronization"),
            ("Sources/Tracking/HTTP/Routes.swift", "package import Hummingbird\nimport HTTPTypes"),
            ("Sources/Tracking/A.swift", "package import Core\nimport struct Storage.Row\n// import GRDB"),
        ]
    )
    func allowedImport(path: String, text: String) {
        #expect(table.violations(in: file(text, path)).isEmpty)
    }

    @Test(
        "declarations without a comment",
        arguments: [
            "package func f() {}", "  package static let x = 1", "@inlinable package init() {}", "package protocol P {",
        ]
    )
    func undocumented(text: String) {
        #expect(CommentRules.documentation(file(text)).map(\.line) == [1])
        #expect(CommentRules.documentation(file("/// Says what.\n@discardableResult\n\(text)")).isEmpty)
        #expect(CommentRules.documentation(file("// not documentation\n\(text)")).map(\.line) == [2])
    }

    @Test("a witness of a documented requirement needs no comment of its own")
    func inheritedComment() {
        let declared = file(
            "package protocol Page {\n    /// Its title.\n    var title: String { get }\n    var bare: Int { get }\n}"
        )
        let requirements = CommentRules.requirements(of: [declared])
        #expect(requirements["Page"] == ["title"])
        let witness = file("struct A: Page {\n    package let title = 1\n    package let bare = 2\n}")
        #expect(CommentRules.documentation(witness, requirements: requirements).map(\.line) == [3])
        let refining = file("package protocol Sheet: Page {\n}")
        let refined = CommentRules.requirements(of: [declared, refining])
        for head in ["struct A: Sheet", "extension Sheet"] {
            let witness = file("\(head) {\n    package let title = 1\n    package let bare = 2\n}")
            #expect(CommentRules.documentation(witness, requirements: refined).map(\.line) == [3])
        }
        let stranger = file("struct A {\n    package let title = 1\n}")
        #expect(CommentRules.documentation(stranger, requirements: requirements).map(\.line) == [2])
    }

    @Test(
        "declarations that need none",
        arguments: [
            "package static func == (a: A, b: A) -> Bool {", "package import Core", "func f() {}",
            "package extension A {",
        ]
    )
    func noComment(text: String) { #expect(CommentRules.documentation(file(text)).isEmpty) }

    @Test("unsafe marks", arguments: ["final class A: @unchecked Sendable {", "nonisolated(unsafe) var a = 1"])
    func unsafeMark(text: String) {
        #expect(CommentRules.unsafeReasons(file(text)).map(\.line) == [1])
        #expect(CommentRules.unsafeReasons(file("// Safe because it never changes.\n\(text)")).isEmpty)
        #expect(CommentRules.unsafeReasons(file("\(text)\n// Safe because it never changes.")).isEmpty)
        #expect(CommentRules.unsafeReasons(file("// Safe because it never\n// changes.\n\(text)")).isEmpty)
        #expect(CommentRules.unsafeReasons(file("// Safe because it is.\nlet b = 1\n\(text)")).map(\.line) == [3])
    }

    @Test("empty file names and types named like modules")
    func names() {
        #expect(NameRules.emptyName(file("", "Sources/Core/Utils/A.swift")).count == 1)
        #expect(NameRules.emptyName(file("", "Sources/Core/Helpers.swift")).count == 1)
        #expect(NameRules.emptyName(file("", "Sources/Core/Tensor.swift")).isEmpty)
        #expect(NameRules.moduleName(file("package struct Core {}"), modules: ["Core"]).map(\.line) == [1])
        #expect(NameRules.moduleName(file("package struct CoreValue {}"), modules: ["Core"]).isEmpty)
    }

    @Test("routes without a permission")
    func routes() {
        let good = "routes.get(\n    \"/x/{id}\",\n    permission: .read\n) { request, context in 1 }"
        #expect(RouteRules.withoutPermission(file(good)).isEmpty)
        let bad = "routes.get(\"/x\") { request, context in f(permission: 1) }"
        #expect(RouteRules.withoutPermission(file(bad)).map(\.line) == [1])
    }

    @Test("limits that nothing enforces or tests")
    func limits() {
        let limits = file("enum CoreLimits {\n    static let depth = 64\n}", "Sources/Core/CoreLimits.swift")
        let use = file("guard (1...CoreLimits.depth).contains(depth) else { throw e }", "Sources/Core/Parser.swift")
        let test = file("#expect(f(CoreLimits.depth + 1))", "Tests/CoreTests/ParserTests.swift")
        #expect(LimitRules.violations(in: limits, sources: [limits, use], tests: [test]).isEmpty)
        #expect(LimitRules.violations(in: limits, sources: [limits], tests: [test]).map(\.line) == [2])
        #expect(LimitRules.violations(in: limits, sources: [limits, use], tests: []).map(\.line) == [2])
    }

    @Test("links")
    func links() {
        let index = file("[a](a.md) [b](../README.md#top) [c](https://example.org)", "docs/README.md")
        #expect(DocumentRules.links(in: index).map(\.target) == ["a.md", "../README.md"])
        #expect(DocumentRules.unlinked(pages: ["docs/a.md", "docs/b.md"], index: index).map(\.path) == ["docs/b.md"])
        let dead = DocumentRules.deadLinks(in: index) { $0 == "docs/a.md" }
        #expect(dead.map(\.description) == ["docs/README.md:1: the link to ../README.md leads nowhere"])
    }
}
