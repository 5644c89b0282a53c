import Core
import Server
import Testing

/// The settings of the sandbox and of the keys of secrets.
struct SandboxSettingsTests {
    private func settings(
        _ flags: SandboxSettings.Flags = SandboxSettings.Flags(),
        _ environment: [String: String] = [:],
        _ file: JSONObject = [:]
    ) throws -> SandboxSettings {
        var all = ServerSettings.Flags()
        all.sandbox = flags
        return try ServerSettings.resolve(flags: all, environment: environment, file: file).sandbox
    }

    @Test func tasksHaveTheNetworkAndWorkersDoNot() throws {
        let standard = try settings()
        #expect(standard.tasksHaveNetwork && !standard.workersHaveNetwork && standard.closesFiles)
        var flags = SandboxSettings.Flags()
        flags.network = "on"
        #expect(try settings(flags).workersHaveNetwork)
        let off = try settings(SandboxSettings.Flags(), ["MARTLET_SANDBOX_NETWORK": "off"])
        #expect(!off.tasksHaveNetwork && !off.workersHaveNetwork)
        // `off` without quotes is a boolean in YAML.
        #expect(try !settings(SandboxSettings.Flags(), [:], ["sandbox_network": false]).tasksHaveNetwork)
        #expect(try !settings(SandboxSettings.Flags(), [:], ["sandbox_files": "off"]).closesFiles)
    }

    @Test func listsComeFromTheNearestSource() throws {
        let environment = ["MARTLET_SANDBOX_HIDE": "/a:/b"]
        #expect(try settings(SandboxSettings.Flags(), environment, ["sandbox_hide": ["/c"]]).hidden == ["/a", "/b"])
        var flags = SandboxSettings.Flags()
        flags.hidden = ["/d"]
        #expect(try settings(flags, environment).hidden == ["/d"])
        #expect(try settings(SandboxSettings.Flags(), [:], ["sandbox_write": ["/w"]]).writable == ["/w"])
    }

    @Test func whatIsWrongIsNamed() {
        func refusal(_ change: (inout SandboxSettings.Flags) -> Void, _ environment: [String: String] = [:]) -> String?
        {
            var flags = SandboxSettings.Flags()
            change(&flags)
            do {
                _ = try settings(flags, environment)
                return nil
            } catch {
                return MartletError.wrapping(error).message
            }
        }
        #expect(refusal { $0.network = "maybe" }?.contains("--sandbox-network") == true)
        #expect(refusal { $0.files = "maybe" }?.contains("--sandbox-files") == true)
        #expect(refusal { $0.user = "no-such-user-here" }?.contains("--sandbox-user") == true)
        #expect(refusal { $0.user = "root" }?.contains("not root") == true)
        let both = refusal({ $0.secretKeyCommand = "cat key" }, ["MARTLET_SECRET_KEY": "c2VjcmV0"])
        #expect(both?.contains("one of them") == true)
        #expect(both?.contains("c2VjcmV0") == false)
    }
}
