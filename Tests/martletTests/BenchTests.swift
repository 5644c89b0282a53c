import Core
import Testing
import martlet

@Suite("martlet bench")
struct BenchTests {
    private func report(rate: Double?) -> BenchReport {
        var result = LoadResult()
        for index in 1...1000 { result.answered(after: UInt64(index) * 1000) }
        result.failures = ["HTTP 503": 3, "timeout": 1]
        result.seconds = 2
        if rate != nil { result.unsent = 7 }
        return BenchReport(
            target: "cancer",
            wire: "v2",
            rows: 10,
            plan: LoadPlan(connections: 16, rate: rate, warmup: 1, duration: 2, timeout: .seconds(5)),
            result: result,
            server: BenchReport.Server(
                processorSeconds: 0.05,
                queue: 2,
                computeInput: 1,
                computeInfer: 7.5,
                computeOutput: 0
            )
        )
    }

    @Test("The report for people, in both loops")
    func text() throws {
        try expectGolden(report(rate: nil).text + "\n\n" + report(rate: 600).text + "\n", "bench.txt")
    }

    @Test("perf_analyzer's columns")
    func csv() throws {
        try expectGolden(report(rate: nil).csv, "bench.csv")
    }

    @Test("The report for programs says the same")
    func json() {
        let json = report(rate: 600).json
        #expect(json["loop"] == "open")
        #expect(json["answered"] == 1000)
        #expect(json["failed"] == 4)
        #expect(json["unsent"] == 7)
        #expect(json["requests_per_second"]?.doubleValue == 500)
        #expect(json["rows_per_second"]?.doubleValue == 5000)
        #expect(abs((json["latency_us"]?["p50"]?.doubleValue ?? 0) - 500) < 1)
        #expect(abs((json["server_cpu_us_per_request"]?.doubleValue ?? 0) - 50_000 / 1004) < 1e-6)
    }

    @Test("Nothing answered is told as nothing, without a number that is none")
    func nothing() {
        var result = LoadResult()
        result.seconds = 1
        let report = BenchReport(
            target: "m",
            wire: "grpc",
            rows: 1,
            plan: LoadPlan(connections: 1, warmup: 0, duration: 1, timeout: .seconds(1)),
            result: result,
            server: BenchReport.Server()
        )
        #expect(!report.text.contains("nan"))
        #expect(report.json["server_cpu_us_per_request"] == .null)
    }

    @Test("Plans and batches up to their limits, not past them")
    func limits() {
        func plan(_ connections: Int, _ seconds: Double) -> LoadPlan {
            LoadPlan(connections: connections, warmup: 0, duration: seconds, timeout: .seconds(1))
        }
        #expect(plan(CommandLimits.benchConnections, CommandLimits.benchSeconds).problem == nil)
        #expect(plan(CommandLimits.benchConnections + 1, 1).problem != nil)
        #expect(plan(1, CommandLimits.benchSeconds + 1).problem != nil)
        #expect(plan(0, 1).problem != nil)
        #expect(PredictionRun.problem(batch: CommandLimits.predictedRowsAtOnce) == nil)
        #expect(PredictionRun.problem(batch: CommandLimits.predictedRowsAtOnce + 1) != nil)
    }

    @Test("Answers are read whole, by length or in chunks, and refused past the limits")
    func answers() throws {
        func read(_ text: String) throws -> (WireAnswer, Int)? {
            try HTTPAnswerReader.read(bytes: Array(text.utf8))
        }
        let plain = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhiHTTP"
        #expect(try read(plain)?.0.body == Array("hi".utf8))
        #expect(try read(plain)?.1 == plain.utf8.count - 4)
        #expect(try read("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nhi") == nil)
        let chunked = "HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n1\r\n!\r\n0\r\n\r\n"
        #expect(try read(chunked)?.0.body == Array("hi!".utf8))
        #expect(try read(chunked)?.0.status == 503)
        #expect(throws: WireFailure.self) {
            try read("HTTP/1.1 200 OK\r\ncontent-length: \(CommandLimits.answerBytes + 1)\r\n\r\n")
        }
        #expect(throws: WireFailure.self) {
            try read("HTTP/1.1 200 " + String(repeating: "x", count: CommandLimits.answerHeadBytes))
        }
        #expect(throws: WireFailure.self) { try read("SSH-2.0-x\r\n\r\n") }
    }
}
