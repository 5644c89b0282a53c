import Testing

/// Each line rule catches a planted violation and lets its neighbours pass.
@Suite("Line rules catch what they name")
struct LineRuleTests {
    private func count(_ rule: LineRule, _ text: String, path: String = "Sources/Core/Planted.swift") -> Int {
        rule.violations(in: SourceFile(path: path, text: text)).count
    }

    @Test(
        "a task nobody waits for",
        arguments: ["Task {", "_ = Task {", "    Task.detached {", "Task(priority: .low) {"]
    )
    func bareTask(text: String) { #expect(count(.bareTask, text) == 1) }

    @Test(
        "tasks that are kept or grouped",
        arguments: [
            "let task = Task { 1 }", "group.addTask { 1 }", "// Task {", "self.task = Task {",
            "try await Task.sleep(for: x)",
        ]
    )
    func keptTask(text: String) { #expect(count(.bareTask, text) == 0) }

    @Test("printing", arguments: ["print(1)", "  debugPrint(x)", "if a { print(\"x\") }"])
    func printing(text: String) { #expect(count(.printing, text) == 1) }

    @Test("not printing", arguments: ["terminal.print(1)", "// print(1)", "\"print(1)\"", "footprint(1)"])
    func notPrinting(text: String) { #expect(count(.printing, text) == 0) }

    @Test("traps", arguments: ["let x = try! f()", "x as! Int", "fatalError(\"no\")", "preconditionFailure()"])
    func traps(text: String) { #expect(count(.traps, text) == 1) }

    @Test("traps in tests", arguments: ["let x = try! f()", "x as! Int"])
    func trapsInTests(text: String) { #expect(count(.trapsInTests, text, path: "Tests/CoreTests/A.swift") == 1) }

    @Test("force unwraps", arguments: ["let a = b!", "f()!.x", "a[0]!", "var a: Int!"])
    func forceUnwrap(text: String) { #expect(count(.forceUnwrap, text) == 1) }

    @Test("not force unwraps", arguments: ["a != b", "!a", "f(!a)", "\"Hello!\"", "a!=b", "// done!"])
    func notForceUnwrap(text: String) { #expect(count(.forceUnwrap, text) == 0) }

    @Test("empty names", arguments: ["enum StringUtils {", "struct Helpers {"])
    func utils(text: String) { #expect(count(.utils, text) == 1) }

    @Test("testable imports")
    func testableImport() {
        #expect(count(.testableImport, "@testable import Core", path: "Tests/CoreTests/A.swift") == 1)
    }

    @Test("routes outside the table", arguments: ["router.get(\"x\") {", "apiRouter.post(\"x\") {"])
    func routerOutsideTable(text: String) {
        #expect(count(.routerOutsideTable, text) == 1)
        #expect(count(.routerOutsideTable, text, path: "Sources/HTTPSupport/RouteTable.swift") == 0)
    }

    @Test("routers outside Server", arguments: ["let r = Router<Context>()", "Router(context: C.self)"])
    func routerOutsideServer(text: String) {
        #expect(count(.routerOutsideServer, text) == 1)
        #expect(count(.routerOutsideServer, text, path: "Sources/Server/Application.swift") == 0)
        #expect(count(.routerOutsideServer, "struct A: RouterMiddleware {") == 0)
    }

    @Test("middleware outside Server", arguments: ["routes.add(middleware: M())", "group.addMiddleware {"])
    func middlewareOutsideServer(text: String) {
        #expect(count(.middlewareOutsideServer, text) == 1)
        #expect(count(.middlewareOutsideServer, text, path: "Sources/Server/House+HTTP.swift") == 0)
    }

    @Test(
        "SQL of one database",
        arguments: ["\"PRAGMA user_version\"", "\"INSERT OR REPLACE INTO t\"", "\"id INTEGER AUTOINCREMENT\""]
    )
    func sqlDialect(text: String) {
        #expect(count(.sqlDialect, text) == 1)
        #expect(count(.sqlDialect, text, path: "Sources/Storage/SQLite/A.swift") == 0)
        #expect(count(.sqlDialect, "// \(text)") == 0)
    }

    @Test("paths of a machine", arguments: ["\"/\("root")/x\"", "cd /\("work")/main", "see ../\("shared")/README.md"])
    func machinePath(text: String) { #expect(count(.machinePath, text, path: "docs/a.md") == 1) }

    @Test(
        "paths that are fine",
        arguments: ["/workers/1", "the/root of", "https://example.org/\("work")/x", "/rooted"]
    )
    func otherPath(text: String) { #expect(count(.machinePath, text, path: "docs/a.md") == 0) }

    @Test("leftovers", arguments: ["// TODO: later", "# FIXME"])
    func leftover(text: String) { #expect(count(.leftover, text) == 1) }
}
