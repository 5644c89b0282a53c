import Artifacts
import Core
import Foundation
import Testing

/// The stores that fulfil one contract; each test gets one of its own, empty.
///
/// S3 is the server that `MARTLET_TEST_S3` names; `scripts/with-s3 COMMAND` starts one. Without it a test fails and says
/// so.
enum StoreUnderTest: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case disk
    case s3

    var testDescription: String { rawValue }

    /// An empty store and what keeps its directory.
    func make() throws -> Place {
        let temporary = try TemporaryStore()
        switch self {
        case .disk: return Place(store: temporary.store, temporary: temporary)
        case .s3: return Place(store: try Self.bucket(temporary), temporary: temporary)
        }
    }

    /// A store and the directory that goes with it.
    struct Place: Sendable {
        let store: any ArtifactStore
        let temporary: TemporaryStore
    }

    static let bucketName = "martlet-test"

    /// The address of the S3 server for tests.
    static func address() throws -> String {
        guard let address = ProcessInfo.processInfo.environment["MARTLET_TEST_S3"], !address.isEmpty else {
            throw MartletError(
                .failedPrecondition,
                "Tests over S3 need a server: run them as `scripts/with-s3 swift test …`."
            )
        }
        return address
    }

    /// A store over a fresh prefix of the bucket, through `endpoint` if that is another than the server's.
    static func bucket(
        _ temporary: TemporaryStore,
        endpoint: String? = nil,
        location: String? = nil,
        cacheLimit: Int64 = ArtifactsLimits.cacheBytes,
        clock: Clock = .system
    ) throws -> S3ArtifactStore {
        S3ArtifactStore(
            settings: try S3Settings.resolve(
                location: location ?? "s3://\(bucketName)/\(Identifier.random())",
                environment: ["AWS_ENDPOINT_URL": try endpoint ?? address()]
            ),
            credentials: S3CredentialSource(S3Credentials(accessKeyID: "test", secretAccessKey: "test")),
            cache: try ArtifactCache(directory: "\(temporary.directory)/cache", limit: cacheLimit, clock: clock),
            clock: clock
        )
    }
}

/// Bytes that differ from block to block; made by blocks, because tests are compiled without optimisation.
func patternBytes(_ count: Int, seed: Int = 0) -> [UInt8] {
    let block = (0..<4096).map { UInt8(truncatingIfNeeded: ($0 &+ seed) &* 31) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + block.count)
    var number = 0
    while bytes.count < count {
        bytes.append(contentsOf: block)
        bytes[bytes.count - block.count] = UInt8(truncatingIfNeeded: number)
        bytes[bytes.count - 1] = UInt8(truncatingIfNeeded: number >> 8)
        number += 1
    }
    bytes.removeLast(bytes.count - count)
    return bytes
}

/// The code that `body` throws; nil if it does not throw.
func codeThrown(_ body: () async throws -> Void) async -> MartletError.Code? {
    do {
        try await body()
        return nil
    } catch let error as MartletError {
        return error.code
    } catch {
        Issue.record("an error of another kind: \(error)")
        return nil
    }
}

func collect(_ body: ArtifactBody) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    for try await chunk in body.chunks { bytes += chunk }
    return bytes
}
