import Foundation
import Testing

/// The catalogue of attacks in docs/security.md names tests that there are.
struct CatalogueTests {
    /// The tests that the page names, as `Interop/test_x.py::test_y`.
    private static func named(in page: String) -> [(file: String, test: String)] {
        page.matches(of: /`(Interop\/test_\w+\.py)::(test_\w+)`/).map { (String($0.1), String($0.2)) }
    }

    @Test func everyTestIsThere() throws {
        let page = try String(contentsOf: Repository.root.appending(path: "docs/security.md"), encoding: .utf8)
        let tests = Self.named(in: page)
        #expect(tests.count > 30)
        for (file, test) in tests {
            let source = try String(contentsOf: Repository.root.appending(path: "Tests/\(file)"), encoding: .utf8)
            #expect(source.contains("def \(test)("), "docs/security.md names \(test) in \(file)")
        }
    }

    @Test func aTestThatIsGoneIsNoticed() {
        let tests = Self.named(in: "| A1 | `Interop/test_a.py::test_b` | and `test_c.py`")
        #expect(tests.map(\.test) == ["test_b"])
    }
}
