import Core
import Testing

@Suite struct CSVTableTests {
    private func fast(_ text: String, _ whole: CSV.WholeNumbers = .asNumbers) throws -> Table {
        let bytes = Array(text.utf8)
        return try bytes.withUnsafeBufferPointer { try CSV.parse($0, wholeNumbers: whole) }
    }

    private func slow(_ text: String) throws -> Table {
        let records = try CSV.records(text.utf8)
        guard let header = records.first else { throw MartletError(.invalidArgument, "The CSV has no header line.") }
        return try CSV.table(header: header, records: records.dropFirst(), firstLine: 2)
    }

    /// The message of the error, or the table as text, so that two ways can be compared.
    private func outcome(_ read: () throws -> Table) -> String {
        do {
            let table = try read()
            return table.columns.map { "\($0.name)=\($0.values)" }.joined(separator: ";")
        } catch {
            return (error as? MartletError)?.message ?? "\(error)"
        }
    }

    @Test(arguments: [
        "", "\n", "\n\n", "a", "a\n", "a\r\n1\r\n", "a,b\n1,2\n", "a,b\n1,2", "a,b\n1,\n", "a,b\n1,", "a,b\n,\n",
        "a,b\n\n1,2\n\n",
        "a\n\"\"\n1\n", "a\n\"1\"\n\"2.5\"\n", "a\n\"x\"\"y\"\n", "a\n\"x\ny\",\n", "a\n\"open\n", "a\n1\"2\n",
        "a\n\"a\"b\"c\"\n",
        "a\n\r\n1\n", "a\n1\r2\n", "a\n\r\"q,r\"\n", "\"a,b\",c\n1,2\n", "a,b\n1\n", "a,b\n1,2,3\n", "a,a\n1,2\n",
        "a\n1e400\n",
        "a\n-0\n", "a\n1.\n", "a\n.5\n", "a\n+5\n", "a\n1e5\n", "a\n1E-05\n", "a\n1e\n", "a\n1e+\n", "a\nnan\n",
        "a\n-inf\n",
        "a\n0x1p3\n", "a\n 1\n", "a\n1_000\n", "a\n12345678901234567890\n", "a\n0.1234567890123456789012\n",
        "a\n1e-400\n",
        "a\n9007199254740993\n", "a\n2.2250738585072011e-308\n", "a\n\u{FEFF}1\n", "a,b\n1,x\ny,2\n", ",\n,\n",
        "a\n-\n", "a\n--1\n",
        "a\n1e99999\n", "a\n\"\"\"\"\n", "a\n\"\"x\n", "x\n\"\r\n\"\n", "a,b\r\n\"1\",\"\"\r\n", "a\n\u{0}\n",
    ])
    func bothWaysAgree(text: String) {
        #expect(outcome { try fast(text) } == outcome { try slow(text) })
        #expect(outcome { try CSV.parse(text.utf8) } == outcome { try slow(text) })
    }

    @Test func randomTextIsReadAlike() {
        var generator = SeededGenerator(seed: 11)
        let pieces = ["1", "2.5", "-3e2", ",", ",", "\n", "\r\n", "\"", "\"\"", "x", "é", "\r", "", "nan", "0"]
        for _ in 0..<3_000 {
            let count = generator.index(below: 24)
            let text = (0..<count).map { _ in pieces[generator.index(below: pieces.count)] }.joined()
            #expect(outcome { try fast(text) } == outcome { try slow(text) }, "\(text.debugDescription)")
        }
    }

    @Test func numbersAreExact() throws {
        var generator = SeededGenerator(seed: 5)
        var texts: [String] = []
        for _ in 0..<2_000 {
            let value = Double(bitPattern: generator.next())
            if value.isFinite { texts.append(String(value)) }
            texts.append(String(Float(generator.normal())))
        }
        let table = try fast("a\n" + texts.joined(separator: "\n") + "\n")
        guard case .numbers(let values) = table.columns[0].values else {
            Issue.record("the column is not numeric")
            return
        }
        #expect(values.map(\.bitPattern) == texts.compactMap { Double($0)?.bitPattern })
    }

    @Test func largeTablesKeepTheirOrder() throws {
        let rows = (0..<3_000).map { row in (0..<10).map { "\(row * 10 + $0)" }.joined(separator: ",") }
        let table = try fast((0..<10).map { "c\($0)" }.joined(separator: ",") + "\n" + rows.joined(separator: "\n"))
        #expect(table.columns.map(\.name) == (0..<10).map { "c\($0)" })
        #expect(table["c7"]?.numbers?.last == 29_997)
    }

    @Test func wholeNumbersBecomeIntegersWhenAsked() throws {
        let text = "a,b,c,d,e\n1,1.0,x,,9223372036854775808\n-2,2,3,,1\n,,,,\n"
        let table = try fast(text, .asIntegers)
        #expect(table["a"]?.values == .integers([1, -2, nil]))
        #expect(table["b"]?.numbers?.prefix(2) == [1, 2])
        #expect(table["c"]?.values == .strings(["x", "3", nil]))
        if case .numbers = table["d"]?.values {} else { Issue.record("an empty column is numeric") }
        if case .numbers = table["e"]?.values {} else { Issue.record("2^63 is no integer") }
        #expect(try fast("a\n\"7\"\n", .asIntegers)["a"]?.values == .integers([7]))
    }

    @Test func oversizedFieldsNameTheirLine() {
        let field = String(repeating: "x", count: CoreLimits.csvFieldBytes)
        #expect(throws: Never.self) { try fast("a\n1\n" + field + "\n") }
        #expect(outcome { try fast("a\n1\n" + field + "x\n") } == outcome { try slow("a\n1\n" + field + "x\n") })
    }
}
