import Core
import Foundation
import TestSupport
import Testing
import Webhooks

/// The file that the key of secrets lies in.
@Suite final class SecretKeyFileTests {
    private let path = FileManager.default.temporaryDirectory.appending(path: "martlet-key-\(Identifier.random())")
        .path()

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    @Test func isMadeOnceForItsOwnerAlone() throws {
        let key = try SecretKeyFile.key(at: path)
        #expect(key.count == 32)
        #expect(Set(key).count > 8)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(try SecretKeyFile.key(at: path) == key)
    }

    @Test func othersMustNotReadIt() throws {
        _ = try SecretKeyFile.key(at: path)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        #expect(throws: MartletError.self) { try SecretKeyFile.key(at: self.path) }
    }

    @Test func damageIsNoticed() throws {
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        let error = #expect(throws: MartletError.self) { try SecretKeyFile.key(at: self.path) }
        #expect(error?.code == .dataLoss)
        #expect(error?.message.contains(path) == false)
    }
}
