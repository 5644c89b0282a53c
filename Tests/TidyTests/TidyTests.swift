import Foundation
import Testing

/// Style is a test: each rule over the whole repository, every violation with its file and line.
@Suite("Tidy")
struct TidyTests {
    private func expectNone(_ violations: [Violation]) {
        for violation in violations { Issue.record(Comment(rawValue: violation.description)) }
    }

    @Test("lines keep the rules", arguments: LineRule.all.map(\.name))
    func lines(name: String) throws {
        let rule = try #require(LineRule.all.first { $0.name == name })
        expectNone(Repository.files.flatMap(rule.violations))
    }

    @Test("the repository was found and read")
    func repository() {
        #expect(Repository.sources.count > 20)
        #expect(Repository.tests.count > 10)
        #expect(Repository.exists("Package.swift"))
    }

    @Test("imports follow the table of ARCHITECTURE.md")
    func imports() throws {
        let table = ImportTable(architecture: try #require(Repository.file("ARCHITECTURE.md")))
        expectNone(Repository.sources.flatMap(table.violations))
        let modules = Set(Repository.sources.compactMap(\.module))
        #expect(modules.subtracting(table.rows.keys).isEmpty, "modules without a row in ARCHITECTURE.md")
        let missing = table.rows.keys.filter { !Repository.exists("Sources/\($0)") }
        #expect(missing.isEmpty, "rows of ARCHITECTURE.md without a module")
        let unknown = table.rows.values.flatMap { $0.families.union($0.familiesInHTTP) }
            .filter { ImportTable.families[$0] == nil }
        #expect(unknown.isEmpty, "third-party names that ImportTable.families does not know")
    }

    @Test("routes name their permission")
    func routes() {
        expectNone(Repository.sources.flatMap(RouteRules.withoutPermission))
    }

    @Test("declarations that others see are documented")
    func documentation() {
        let requirements = CommentRules.requirements(of: Repository.sources)
        expectNone(Repository.sources.flatMap { CommentRules.documentation($0, requirements: requirements) })
    }

    @Test("unsafe marks give their reason")
    func unsafeReasons() {
        expectNone((Repository.sources + Repository.tests).flatMap(CommentRules.unsafeReasons))
    }

    @Test("files are short")
    func fileLength() {
        let code = Repository.files.filter { file in
            [".swift", ".py", ".c", ".h", ".css", ".js", ".mustache"].contains { file.path.hasSuffix($0) }
        }
        expectNone(code.flatMap(ShapeRules.fileLength))
    }

    @Test("functions are short")
    func functionLength() {
        expectNone((Repository.sources + Repository.tests).flatMap(ShapeRules.functionLength))
    }

    @Test("names say what things are")
    func names() {
        expectNone(Repository.files.flatMap(NameRules.emptyName))
        let modules = Set(Repository.sources.compactMap(\.module))
        expectNone(Repository.sources.flatMap { NameRules.moduleName($0, modules: modules) })
    }

    @Test("limits are enforced and tested")
    func limits() {
        let sourceUses = LimitRules.uses(in: Repository.sources)
        let testUses = LimitRules.uses(in: Repository.tests)
        expectNone(
            Repository.sources.flatMap {
                LimitRules.violations(in: $0, sourceUses: sourceUses, testUses: testUses)
            }
        )
    }

    @Test("modules that take requests have a limits file")
    func limitsFiles() {
        let folders: Set = ["HTTP", "HTTPSupport"]
        let taking = Repository.sources.filter { !folders.isDisjoint(with: $0.components) }.compactMap(\.module)
        let limited = Repository.sources.filter { LimitRules.type(of: $0) != nil }.compactMap(\.module)
        #expect(Set(taking).subtracting(limited).isEmpty, "modules without a limits file")
    }

    @Test("the README is short and every page is linked")
    func documents() throws {
        let readme = try #require(Repository.file("README.md"))
        #expect(readme.length <= ShapeRules.readmeLines)
        let index = try #require(Repository.file("docs/README.md"))
        let pages = Repository.files.map(\.path).filter { $0.hasPrefix("docs/") && $0.hasSuffix(".md") }
        expectNone(DocumentRules.unlinked(pages: pages, index: index))
        let markdown = Repository.files.filter { $0.path.hasSuffix(".md") }
        expectNone(markdown.flatMap { DocumentRules.deadLinks(in: $0, exists: Repository.exists) })
    }
}
