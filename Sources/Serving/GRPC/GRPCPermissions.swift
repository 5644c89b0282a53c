package import Core
package import HTTPSupport
import NIOCore

/// What each method asks of its caller; a method that is not in the table keeps the server from starting.
package enum GRPCPermissions {
    /// The permission of every method by its path.
    package static let table: [String: Permission] = rules.mapValues(\.permission)

    static let rules: [String: GRPCRule] = {
        var rules: [String: GRPCRule] = [:]
        func add(_ service: String, _ permission: Permission, _ names: [String], model fields: [UInt64] = []) {
            for name in names { rules["/\(service)/\(name)"] = GRPCRule(permission: permission, modelFields: fields) }
        }
        let inference = InferenceMethods.service
        add(HealthMethods.service, .open, ["Check", "Watch"])
        add(inference, .open, ["ServerLive", "ServerReady"])
        add(inference, .read, ["ServerMetadata", "RepositoryIndex"])
        add(inference, .read, ["ModelReady", "ModelMetadata", "ModelConfig", "ModelStatistics"], model: [1])
        // Nothing of them can be changed while the server runs, so that asking is all there is.
        add(inference, .read, ["TraceSetting", "LogSettings"])
        for kind in ["System", "Cuda"] {
            add(inference, .read, ["Status", "Register", "Unregister"].map { "\(kind)SharedMemory\($0)" })
        }
        add(inference, .predict, ["ModelInfer", "ModelStreamInfer"], model: [1])
        // Triton writes the model into field 2, KServe into field 1.
        add(inference, .operate, ["RepositoryModelLoad", "RepositoryModelUnload"], model: [2, 1])
        for service in ReflectionMethods.services { add(service, .read, ["ServerReflectionInfo"]) }
        return rules
    }()

    /// Compares the table with the methods that a server has.
    ///
    /// - Throws: `internal` naming a method without a permission, or a permission without a method.
    package static func validate(methods: some Sequence<String>) throws(MartletError) {
        let methods = Set(methods)
        if let method = methods.subtracting(rules.keys).min() {
            throw MartletError(.internal, "The gRPC method \(method) has no permission.")
        }
        if let method = Set(rules.keys).subtracting(methods).min() {
            throw MartletError(.internal, "There is no gRPC method \(method), which has a permission.")
        }
    }
}

/// What a method asks of its caller.
struct GRPCRule: Sendable {
    let permission: Permission
    /// The fields of the message that name the model, the first that is not empty; empty when the method is about none.
    let modelFields: [UInt64]

    /// Whether a caller may call the method whatever the message says, or perhaps, depending on the model it names.
    ///
    /// - Throws: `permissionDenied` when the caller may not.
    func allows(_ principal: Principal) throws(MartletError) -> Bool {
        if permission == .open || principal.permissions.contains(permission) { return true }
        guard !modelFields.isEmpty, !principal.grants.isEmpty else { throw refusal(principal) }
        return false
    }

    /// Checks a caller who has rights to single deployments only.
    ///
    /// - Throws: `permissionDenied` for a model that is not among them, `invalidArgument` for what is no message.
    func check(_ message: ByteBuffer, _ principal: Principal) throws(MartletError) {
        let resource = ResourceName(kind: .deployment, id: try model(message))
        guard principal.grants.contains(where: { $0.gives(permission, to: resource) }) else { throw refusal(principal) }
    }

    private func model(_ message: ByteBuffer) throws(MartletError) -> String {
        do {
            return try message.withUnsafeReadableBytes { bytes in
                var names: [UInt64: String] = [:]
                var reader = WireReader(bytes)
                while let (field, type) = try reader.next() {
                    if modelFields.contains(field) {
                        names[field] = try reader.text(type)
                    } else {
                        try reader.skip(type)
                    }
                }
                return modelFields.lazy.compactMap { names[$0] }.first { !$0.isEmpty } ?? ""
            }
        } catch {
            throw MartletError.wrapping(error)
        }
    }

    private func refusal(_ principal: Principal) -> MartletError {
        guard principal.kind != .anonymous else {
            return MartletError(
                .unauthenticated,
                "You are not logged in. Send the metadata authorization with 'Bearer' and a token, or with 'Basic' and a "
                    + "name and password."
            )
        }
        return MartletError(
            .permissionDenied,
            "'\(principal.name)' may not do this in the workspace '\(principal.workspace)': it needs the permission "
                + "'\(permission.rawValue)'. An administrator of the workspace can give it."
        )
    }
}
