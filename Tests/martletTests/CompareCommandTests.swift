import Core
import Drift
import Foundation
import Synchronization
import Testing
import martlet

/// `martlet monitor compare`.
struct CompareCommandTests {
    private static let reference = file("plan,age,score,region") { row in
        "\(["a", "b"][row % 2]),\(20 + row % 40),\(Double(row % 97) / 7),\(["north", "south"][row % 2])"
    }
    private static let current = file("plan,age,score,region") { row in
        let age = row % 10 == 0 ? "" : "\(35 + row % 40)"
        return "\(["a", "b", "c"][row % 3]),\(age),\(Double(row % 89) / 7),\(["north", "south"][row % 2])"
    }

    private static func file(_ header: String, _ row: (Int) -> String) -> String {
        ([header] + (0..<200).map(row)).joined(separator: "\n") + "\n"
    }

    /// Writes both files, compares them and gives back what was printed.
    private func compare(
        _ reference: String = Self.reference,
        _ current: String = Self.current,
        _ change: (inout TableComparison, URL) throws -> Void = { _, _ in }
    ) throws -> (status: Int32, output: String, errors: String, folder: URL) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "martlet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try reference.write(to: folder.appending(path: "reference.csv"), atomically: true, encoding: .utf8)
        try current.write(to: folder.appending(path: "current.csv"), atomically: true, encoding: .utf8)
        var comparison = TableComparison(
            reference: folder.appending(path: "reference.csv").path,
            current: folder.appending(path: "current.csv").path
        )
        let written = Mutex((output: "", errors: ""))
        let terminal = Terminal(
            width: nil,
            colours: false,
            output: { text in written.withLock { $0.output += text } },
            errors: { text in written.withLock { $0.errors += text } }
        )
        do {
            try change(&comparison, folder)
            let status = try comparison.run(terminal)
            let texts = written.withLock(\.self)
            return (status, texts.output, texts.errors, folder)
        } catch {
            try FileManager.default.removeItem(at: folder)
            throw error
        }
    }

    @Test func theTable() throws {
        let done = try compare { comparison, _ in
            comparison.options.segment = "region"
            try comparison.readDetectors("energy")
            try comparison.readColumns(methods: ["score=psi:0.2"], kinds: [], ignored: [])
        }
        defer { try? FileManager.default.removeItem(at: done.folder) }
        #expect(done.status == 0 && done.errors.isEmpty)
        try expectGolden(done.output, "monitor-compare.txt")
    }

    @Test func filesAndStatus() throws {
        let done = try compare { comparison, folder in
            comparison.html = folder.appending(path: "report.html").path
            comparison.json = folder.appending(path: "report.json").path
            comparison.failOnDrift = true
            comparison.timing = true
        }
        defer { try? FileManager.default.removeItem(at: done.folder) }
        #expect(done.status == TableComparison.driftStatus && TableComparison.driftStatus == 3)
        let page = try String(contentsOf: done.folder.appending(path: "report.html"), encoding: .utf8)
        #expect(page.contains("<title>current.csv against reference.csv</title>"))
        let json = try JSONValue.parse([UInt8](Data(contentsOf: done.folder.appending(path: "report.json"))))
        #expect(json["verdict"] == "drift" && json["dataset_drift"] != nil)
        let times = try JSONValue.parse(done.errors.trimmingCharacters(in: .newlines))
        for key in ["read_seconds", "prepare_seconds", "detect_seconds", "report_seconds", "seconds"] {
            #expect(try #require(times[key]?.doubleValue) >= 0)
        }
        let same = try compare(Self.reference, Self.reference) { comparison, _ in
            comparison.failOnDrift = true
            comparison.json = "-"
        }
        defer { try? FileManager.default.removeItem(at: same.folder) }
        #expect(same.status == 0)
        #expect(try JSONValue.parse(same.output)["verdict"] == "no_drift")
    }

    @Test func noVerdict() throws {
        let done = try compare(Self.reference, "plan,age,score,region\n") { comparison, _ in
            comparison.failOnDrift = true
        }
        defer { try? FileManager.default.removeItem(at: done.folder) }
        #expect(done.status == 1 && done.output.hasPrefix("insufficient data: the current data has no rows."))
    }

    @Test(arguments: [
        ("a,b\n1\n", "Line 2 of the CSV has 1 fields; expected 2."), ("", "The CSV has no header line."),
        ("a\n\"x\n", "Line 2 of the CSV opens a quote that is never closed."),
        ("a,a\n1,2\n", "The column 'a' appears twice."),
    ])
    func errorsNameTheFile(text: String, message: String) throws {
        let error = #expect(throws: MartletError.self) { try compare(Self.reference, text) }
        #expect(error?.message.contains("current.csv': \(message)") == true, "\(error?.message ?? "")")
    }

    @Test func filesThatCannotBeRead() {
        for path in ["/nowhere/x.csv", "/"] {
            let error = #expect(throws: MartletError.self) { try TableFile.table(at: path) }
            #expect(error?.message.hasPrefix("'\(path)' cannot be read: ") == true)
        }
        #expect(CommandLimits.comparedFileBytes < Int(UInt32.max))
    }

    @Test func flagsNameWhatIsWrong() {
        var comparison = TableComparison(reference: "a", current: "b")
        for text in ["age", "=ks", "age=nope", "age=mmd", "age=ks:2", "age=psi:-1", "age=psi:x"] {
            let error = #expect(throws: MartletError.self) {
                try comparison.readColumns(methods: [text], kinds: [], ignored: [])
            }
            #expect(error?.message.contains("--column") == true, "\(text)")
        }
        #expect(throws: MartletError.self) { try comparison.readColumns(methods: [], kinds: ["a=b"], ignored: []) }
        #expect(throws: MartletError.self) { try comparison.readDetectors("mmd,") }
        #expect(throws: MartletError.self) {
            try comparison.readBounds(threshold: -1, correction: "none", driftShare: 0.5)
        }
        #expect(throws: MartletError.self) {
            try comparison.readBounds(threshold: nil, correction: "holm", driftShare: 0.5)
        }
        #expect(throws: MartletError.self) {
            try comparison.readBounds(threshold: nil, correction: "none", driftShare: .nan)
        }
    }

    @Test func columnsMayHaveSignsInTheirNames() throws {
        var comparison = TableComparison(reference: "a", current: "b")
        try comparison.readColumns(methods: ["x=y=psi"], kinds: ["x=y=text"], ignored: [])
        #expect(comparison.options.columns.methods.keys.first == "x=y")
        try comparison.readDetectors("ks, mmd,univariate,text_classifier")
        #expect(comparison.options.columns.kindMethods.count == 2 && comparison.options.detectors.count == 1)
    }
}
