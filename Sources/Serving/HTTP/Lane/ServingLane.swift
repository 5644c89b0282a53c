import Core
package import HTTPSupport

/// Answers predictions of models that are in memory and Martlet's own code on the connection's event loop, without the
/// router.
///
/// Every answer is byte for byte what the router's routes give, by the same parsers, the same data plane and the same
/// writers; whoever is refused, waits or is not plain goes to the router, which finds the reason and says it.
package struct ServingLane: LaneRoutes {
    private let servesHost: @Sendable (String) -> Bool
    private let admit: @Sendable (LaneCaller) -> LaneAdmission?

    /// A lane for the workspaces of a server.
    ///
    /// - Parameters:
    ///   - servesHost: whether requests that name this host are served.
    ///   - admit: asked for each request: what its caller may predict with, here and now; nil when that takes waiting or
    ///     is refused. It must neither wait nor block.
    package init(
        servesHost: @escaping @Sendable (String) -> Bool,
        admit: @escaping @Sendable (LaneCaller) -> LaneAdmission?
    ) {
        self.servesHost = servesHost
        self.admit = admit
    }

    /// A lane to one data plane, for requests without credentials and without a workspace.
    ///
    /// - Parameters:
    ///   - plane: what predicts.
    ///   - isOpen: asked for each request: whether requests without credentials may predict here and now.
    ///   - servesHost: whether requests that name this host are served.
    package init(
        plane: DataPlane,
        isOpen: @escaping @Sendable () -> Bool,
        servesHost: @escaping @Sendable (String) -> Bool
    ) {
        self.init(servesHost: servesHost) { caller in
            guard caller.authorization == nil, caller.workspace == nil, isOpen() else { return nil }
            return LaneAdmission(plane: plane)
        }
    }

    package func isOurs(_ target: UnsafeBufferPointer<UInt8>) -> Bool { LaneTarget(target) != nil }

    package func serves(host: String) -> Bool { servesHost(host) }

    package func answer(_ request: LaneRequest, _ reply: inout LaneReply) -> Bool {
        guard let target = LaneTarget(request.target), !request.head.hasTrace, request.head.requestTimeout == nil,
            let admission = admit(LaneCaller(request)), !admission.plane.reporter.samplesRequests
        else { return false }
        let start = Clock.monotonicNanoseconds
        let prediction = LanePrediction(admission: admission)
        // The router meets the same error again, counts it and says it in the protocol's shape.
        guard let (via, served) = try? prediction.answer(target, request, &reply) else { return false }
        served.metrics.recordTotal(via, seconds: Double(Clock.monotonicNanoseconds &- start) * 1e-9)
        return true
    }
}

/// What a caller of the lane may predict with.
package struct LaneAdmission: Sendable {
    /// The data plane of the workspace.
    package let plane: DataPlane
    /// Counts one prediction against the caller's rate; nil when nothing is counted.
    ///
    /// False means that there are too many. It is asked last, so that a request which the router is to answer for its
    /// form is not counted twice.
    package let spend: (@Sendable () -> Bool)?

    /// Admits to a plane.
    package init(plane: DataPlane, spend: (@Sendable () -> Bool)? = nil) {
        self.plane = plane
        self.spend = spend
    }
}
