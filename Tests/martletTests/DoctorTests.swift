import Core
import Foundation
import Synchronization
import Testing
import martlet

/// What `martlet doctor` finds, and that it changes nothing.
struct DoctorTests {
    private func examination(_ data: String, port: Int = 0, path: String = "/usr/bin:/bin") -> DoctorExamination {
        DoctorExamination(data: data, host: "127.0.0.1", port: port, searchPath: path)
    }

    private func inFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "martlet-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    @Test func dataFolders() throws {
        try inFolder { folder in
            let absent = examination(folder + "/data").dataFolder()
            #expect(absent.check.state == .ok && !absent.isServed)
            #expect(!FileManager.default.fileExists(atPath: folder + "/data"), "looking creates nothing")
            #expect(examination(folder + "/no/data").dataFolder().check.state == .missing)
            try "x".write(toFile: folder + "/file", atomically: true, encoding: .utf8)
            let file = examination(folder + "/file").dataFolder().check
            #expect(file.state == .missing && file.remedy?.contains("--data") == true)
            #expect(examination(folder).dataFolder().check.state == .ok)
        }
    }

    @Test func aLockedFolderIsServed() throws {
        try inFolder { folder in
            try "123\n".write(toFile: folder + "/lock", atomically: true, encoding: .utf8)
            #expect(!examination(folder).dataFolder().isServed)
            let descriptor = open(folder + "/lock", O_RDWR)
            defer { close(descriptor) }
            try #require(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
            let served = examination(folder).dataFolder()
            #expect(served.isServed && served.check.state == .ok)
            #expect(try String(contentsOfFile: folder + "/lock", encoding: .utf8) == "123\n")
        }
    }

    @Test func ports() throws {
        let listener = try Listener()
        #expect(PortProbe.state(host: "127.0.0.1", port: listener.port) == .taken)
        let taken = examination(".", port: listener.port)
        #expect(taken.portCheck(isServed: false).state == .missing)
        #expect(taken.portCheck(isServed: false).remedy?.contains("--port") == true)
        #expect(taken.portCheck(isServed: true).state == .ok)
        #expect(PortProbe.state(host: "127.0.0.1", port: 0) == .free)
        for port in [-1, 65_536, Int.max] {
            #expect(PortProbe.state(host: "127.0.0.1", port: port) != .free)
        }
        #expect(PortProbe.state(host: "203.0.113.7", port: 0) != .free, "an address of another machine")
    }

    @Test func programs() {
        #expect(examination(".").program("sh", for: "x", package: "dash").state == .ok)
        let missing = examination(".").program("no-such-program", for: "x", package: "dash")
        #expect(missing.state == .warning && missing.remedy == "Run `apt-get install dash`.")
    }

    @Test func everyFindingHasARemedyAndNamesTheLibraries() throws {
        try inFolder { folder in
            let checks = examination(folder).checks()
            for check in checks where check.state == .missing {
                #expect(check.remedy?.isEmpty == false, "\(check.name)")
            }
            for library in ["xgboost", "lightgbm", "onnxruntime"] {
                #expect(checks.contains { $0.name == "library \(library)" })
            }
        }
    }

    @Test func theReport() throws {
        let checks = [
            DoctorCheck("data folder", .ok, ".martlet is there and free"),
            DoctorCheck(
                "python3",
                .warning,
                "not installed; needed for tasks",
                remedy: "Run `apt-get install python3`."
            ),
            DoctorCheck("library xgboost", .missing, "3.2.0 is not installed", remedy: "Run `make native`."),
        ]
        let output = Mutex("")
        let terminal = Terminal(
            width: nil,
            colours: false,
            output: { text in output.withLock { $0 += text } },
            errors: { _ in }
        )
        #expect(throws: (any Error).self) { try DoctorReport.write(checks, json: false, to: terminal) }
        try expectGolden(output.withLock { $0 }, "doctor.txt")
        output.withLock { $0 = "" }
        try DoctorReport.write(Array(checks.prefix(2)), json: true, to: terminal)
        let json = try JSONValue.parse(output.withLock { $0 })
        #expect(json["ok"] == true)
        #expect(json["checks"]?.arrayValue?.count == 2)
    }
}

/// A socket that listens on a free port as long as the value lives.
final class Listener {
    struct Failed: Error {}
    let port: Int
    private let descriptor: Int32

    init() throws {
        #if canImport(Glibc)
        let kind = Int32(SOCK_STREAM.rawValue)
        #else
        let kind = SOCK_STREAM
        #endif
        descriptor = socket(AF_INET, kind, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, length) == 0 && listen(descriptor, 1) == 0
                    && getsockname(descriptor, generic, &length) == 0
            }
        }
        guard bound else { throw Failed() }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit {
        close(descriptor)
    }
}
