import Foundation
package import Testing

extension TestDatabase {
    /// The kind that the test under way is meant for; fixtures open `TestDatabase.current`.
    @TaskLocal package static var current = TestDatabase.sqlite

    /// What `MARTLET_TEST_DATABASE` restricts the tests to, to look for the cause of a failure; all without it.
    fileprivate static var selected: [TestDatabase] {
        guard let name = ProcessInfo.processInfo.environment["MARTLET_TEST_DATABASE"] else { return allCases }
        return TestDatabase(rawValue: name).map { [$0] } ?? []
    }
}

/// Runs every test of a suite over each kind of database, one after the other.
package struct EveryDatabase: SuiteTrait, TestTrait, TestScoping {
    /// The tests of a suite, not the suite as a whole.
    package let isRecursive = true

    /// Calls `function` once for each kind of database.
    package func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        let kinds = TestDatabase.selected
        #expect(!kinds.isEmpty, "MARTLET_TEST_DATABASE must be 'sqlite' or 'postgres'.")
        for kind in kinds {
            do {
                try await TestDatabase.$current.withValue(kind) { try await function() }
            } catch {
                Issue.record(error, "over \(kind)")
            }
        }
    }
}

extension Trait where Self == EveryDatabase {
    /// Runs the test, or every test of the suite, over each kind of database.
    package static var overEveryDatabase: EveryDatabase { EveryDatabase() }
}
