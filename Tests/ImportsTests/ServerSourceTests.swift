import Core
import Imports
import Synchronization
import TestSupport
import Testing

/// How a server is asked: patiently, and never for ever.
struct ServerSourceTests {
    /// A clock that counts its sleeps and does not wait.
    private final class Sleeps: Sendable {
        let durations = Mutex<[Duration]>([])
        var clock: Clock {
            Clock(
                now: { Timestamp(milliseconds: 0) },
                sleep: { duration in self.durations.withLock { $0.append(duration) } }
            )
        }
    }

    private func check(_ statuses: [Int], _ body: String = "{}") async -> (error: MartletError?, sleeps: [Duration]) {
        let sleeps = Sleeps()
        let left = Mutex(statuses)
        let client = RESTClient(address: "http://test", clock: sleeps.clock) { _ in
            let status = left.withLock { $0.count > 1 ? $0.removeFirst() : $0.first ?? 200 }
            return RESTClient.Answer(status: status, bytes: Array(body.utf8))
        }
        do {
            _ = try await RESTSource(client: client).check()
            return (nil, sleeps.durations.withLock(\.self))
        } catch {
            return (error as? MartletError, sleeps.durations.withLock(\.self))
        }
    }

    @Test func passingFailuresAreTriedAgain() async {
        let (error, sleeps) = await check([503, 429, 500, 200])
        #expect(error == nil)
        let first = ImportsLimits.retryPause
        #expect(Array(sleeps.prefix(3)) == [first, first * 2, first * 4])
    }

    @Test func notForEver() async {
        let (error, sleeps) = await check([503])
        #expect(error?.code == .unavailable && sleeps.count == ImportsLimits.attempts - 1)
    }

    @Test(arguments: [(401, "MLFLOW_TRACKING_TOKEN"), (403, "MLFLOW_TRACKING_TOKEN"), (404, "MLflow server")])
    func lastingFailuresAreNot(_ status: Int, _ words: String) async {
        let (error, sleeps) = await check([status])
        #expect(error?.message.contains(words) == true && sleeps.isEmpty)
    }

    @Test(arguments: ["<html>", "", "[1, 2"])
    func answersThatAreNoJSON(_ body: String) async {
        let (error, _) = await check([200], body)
        #expect(error?.message.contains("MLflow server") == true)
    }

    @Test func theServersWordsAreKept() async {
        let (error, _) = await check([400], #"{"error_code": "X", "message": "Too much."}"#)
        #expect(error?.message.hasSuffix("Too much.") == true)
    }

    @Test func aServerThatRepeatsItsTokenDoesNotHoldUs() async throws {
        let asked = Mutex(0)
        let client = RESTClient(address: "http://test", clock: Sleeps().clock) { _ in
            asked.withLock { $0 += 1 }
            let body = #"{"experiments": [{"experiment_id": "1", "name": "a"}], "next_page_token": "same"}"#
            return RESTClient.Answer(status: 200, bytes: Array(body.utf8))
        }
        #expect(try await RESTSource(client: client).experiments().count == 2)
        #expect(asked.withLock(\.self) == 2)
    }

    @Test(arguments: [
        #"{"files": [{"path": "../../etc/passwd", "is_dir": false}]}"#,
        #"{"files": [{"path": "other/folder/x", "is_dir": false}]}"#, #"{"files": [{"path": "..", "is_dir": true}]}"#,
        #"{"files": [{"is_dir": false}]}"#,
    ])
    func listingsThatLeaveTheirFolder(_ body: String) async {
        let client = RESTClient(address: "http://test", clock: Sleeps().clock) { _ in
            RESTClient.Answer(status: 200, bytes: Array(body.utf8))
        }
        await #expect(throws: MartletError.self) {
            try await RESTSource(client: client).files.list(.run(SourceFixture.run))
        }
    }

    @Test func foldersWithoutEndAreRefused() async {
        let client = RESTClient(address: "http://test", clock: Sleeps().clock) { _ in
            RESTClient.Answer(status: 200, bytes: Array(#"{"files": [{"path": "deeper", "is_dir": true}]}"#.utf8))
        }
        let error = await #expect(throws: MartletError.self) {
            try await RESTSource(client: client).files.list(.proxied("7"))
        }
        #expect(error?.code == .invalidArgument)
        #expect(ImportsLimits.folderDepth == 32)
    }
}
