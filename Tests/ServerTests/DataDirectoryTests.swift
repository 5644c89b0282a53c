import Core
import Foundation
import Server
import Testing

@Suite struct DataDirectoryTests {
    private let path = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-\(UUID().uuidString)")
        .path

    @Test func aSecondServerIsRefusedUntilTheFirstLetsGo() throws {
        let first = try DataDirectory.lock(path: path)
        let error = #expect(throws: MartletError.self) { try DataDirectory.lock(path: path) }
        #expect(error?.code == .failedPrecondition)
        #expect(error?.message.contains("process \(ProcessInfo.processInfo.processIdentifier)") == true)
        #expect(error?.message.contains("--data") == true)
        first.unlock()
        try DataDirectory.lock(path: path).unlock()
    }

    @Test func aDemoEmptiesOnlyWhatADemoLeft() throws {
        let directory = try DataDirectory.lock(path: path)
        defer { directory.unlock() }
        let file = path + "/martlet.db"
        try directory.beginDemo()
        try Data("x".utf8).write(to: URL(fileURLWithPath: file))
        try directory.beginDemo()
        #expect(!FileManager.default.fileExists(atPath: file))
        try Data("x".utf8).write(to: URL(fileURLWithPath: file))
        try directory.endDemo()
        let error = #expect(throws: MartletError.self) { try directory.beginDemo() }
        #expect(error?.code == .failedPrecondition)
        #expect(FileManager.default.fileExists(atPath: file))
        #expect(throws: MartletError.self) { try DataDirectory.lock(path: path) }
    }

    @Test func onlyItsOwnerMayLookInside() throws {
        let directory = try DataDirectory.lock(path: path)
        defer { directory.unlock() }
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o700)
    }

    @Test func aPlaceThatCannotBeWrittenIsNamed() throws {
        let file = path + ".file"
        try Data().write(to: URL(fileURLWithPath: file))
        let error = #expect(throws: MartletError.self) { try DataDirectory.lock(path: file + "/data") }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("--data") == true)
    }
}
