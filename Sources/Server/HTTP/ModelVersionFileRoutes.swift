import Artifacts
import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import Registry
import Runtimes

/// `GET /api/martlet/v1/models/{name}/versions/{version}`: the files of a version with their checksums, and its signature.
struct ModelVersionFileRoutes {
    let stores: Stores

    func register(in routes: RouteTable) {
        let stores = stores
        routes.get(
            "/api/martlet/v1/models/{name}/versions/{version}",
            permission: .read,
            errors: .martlet
        ) { _, context in
            let name = try context.parameters.require("name")
            let text = try context.parameters.require("version")
            guard let number = Int(text), number > 0 else {
                throw MartletError(
                    .invalidArgument,
                    "'version' must be a positive whole number, but is '\(text.prefix(40))'."
                )
            }
            let version = try await stores.registry.version(name, number)
            let files = try await stores.registry.files(of: name, number).map { file -> JSONValue in
                [
                    "path": .string(file.path), "size": .integer(file.digest.size),
                    "sha256": .string(file.digest.sha256),
                ]
            }
            return .json([
                "name": .string(name), "version": .int(number), "files": .array(files),
                "signature": try await Self.signature(of: version, stores),
            ])
        }
    }

    /// The signature as the version's `MLmodel` has it; null if there is none.
    private static func signature(of version: ModelVersion, _ stores: Stores) async throws -> JSONValue {
        guard let folder = try? version.artifactPath else { return .null }
        let bytes: [UInt8]
        do {
            bytes = try await stores.artifacts.readAll(
                folder.appending("MLmodel"),
                limit: RuntimesLimits.descriptionBytes
            )
        } catch let error as MartletError where error.code == .notFound || error.code == .invalidArgument {
            return .null
        }
        let document = try? YAMLDocument.parse(String(decoding: bytes, as: UTF8.self))
        var sides = JSONObject()
        for side in ["inputs", "outputs"] {
            // MLflow writes each side as JSON inside YAML.
            let text = document?["signature"]?[side]?.stringValue
            sides[side] = text.flatMap { try? JSONValue.parse($0) } ?? .null
        }
        return .object(sides)
    }
}
