import Core
import Foundation
import Logging
import Runtimes
import Testing

/// What the code of a model reaches when it is loaded; where this machine closes nothing, the report must say so.
struct WorkerSandboxTests {
    /// Why a model that runs this Python when it is loaded does not load; nil when it does.
    private func failure(loading: String, _ change: (inout SandboxPolicy, String) -> Void) async throws -> String? {
        let fake = try FakeInterpreter(loading: loading)
        defer { fake.remove() }
        let house = NSTemporaryDirectory() + "martlet-house-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: house) }
        try FileManager.default.createDirectory(atPath: house + "/data", withIntermediateDirectories: true)
        try "a secret".write(toFile: house + "/data/secret.key", atomically: true, encoding: .utf8)
        try house.write(toFile: fake.directory + "/house", atomically: true, encoding: .utf8)
        var settings = PythonSettings()
        settings.interpreter = fake.path
        settings.scratch = house + "/data/workers"
        change(&settings.sandbox, house + "/data")
        do {
            let runtime = try await PythonRuntime.start(
                directory: fake.directory,
                signature: nil,
                settings: settings,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            await runtime.close()
            return nil
        } catch {
            return MartletError.wrapping(error).message
        }
    }

    private static let readKey = "open(open(os.path.dirname(__file__) + '/house').read() + '/data/secret.key').read()"

    @Test func aModelCannotReadTheServersData() async throws {
        #expect(try await failure(loading: Self.readKey) { _, _ in } == nil)
        let hidden = try await failure(loading: Self.readKey) { policy, data in policy.hidden = [data] }
        if SandboxReport.here.fileRules > 0 {
            #expect(hidden?.contains("PermissionError") == true, "\(hidden ?? "it loaded")")
        } else {
            #expect(SandboxReport.here.parts.contains { $0.name == "files" && !$0.holds })
        }
        // Its own directory, which lies in the hidden one, is open to it.
        let own = "open('own', 'w').write('x'); import tempfile; tempfile.NamedTemporaryFile().close()"
        #expect(try await failure(loading: own) { policy, data in policy.hidden = [data] } == nil)
    }

    @Test func aModelHasNoNetworkUnlessASettingOpensIt() async throws {
        let connect = "import socket; socket.socket().close()"
        #expect(try await failure(loading: connect) { policy, _ in policy.workersHaveNetwork = true } == nil)
        let closed = try await failure(loading: connect) { policy, _ in policy.workersHaveNetwork = false }
        if SandboxReport.here.refusesCalls {
            #expect(closed?.contains("PermissionError") == true, "\(closed ?? "it loaded")")
        } else {
            #expect(SandboxReport.here.parts.contains { !$0.holds })
        }
    }

    @Test func aModelCannotReadTheServersEnvironment() async throws {
        guard SandboxReport.here.fileRules > 0 else { return }
        let script = "open('/proc/%d/environ' % os.getppid(), 'rb').read()"
        let closed = try await failure(loading: script) { policy, data in policy.hidden = [data] }
        #expect(closed?.contains("PermissionError") == true, "\(closed ?? "it loaded")")
    }
}
