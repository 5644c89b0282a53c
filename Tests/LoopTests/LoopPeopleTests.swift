import Core
import Loop
import Synchronization
import TestSupport
import Testing

/// Approval, refusal and cancellation, and the write-back that follows a promotion.
@Suite(.overEveryDatabase)
struct LoopPeopleTests {
    static let approval: JSONObject = [
        "approval": ["before": ["register", "rollout"], "by": ["ada", "grace"], "expires": "1h", "own": false],
        "gitops": ["repository": "deploy"],
    ]

    @Test func bothStepsWaitForApproval() async throws {
        let fixture = try await LoopFixture(with: Self.approval)
        let service = fixture.service()
        let id = try await service.fire(trigger: "cancer-retrain", signal: LoopFixture.signal).id
        try await fixture.advance(service, to: .awaitingApproval)
        #expect(fixture.world.state.withLock(\.versions).isEmpty)
        #expect(try await service.loop(id).loop.progress.awaiting == .register)
        // Ada fired it, and eve is not asked.
        for (who, code) in [("ada", MartletError.Code.permissionDenied), ("eve", .permissionDenied)] {
            let error = await #expect(throws: MartletError.self) { try await service.approve(id, by: who) }
            #expect(error?.code == code && error?.message.contains(who) == true)
        }
        _ = try await service.approve(id, by: "grace", comment: "Looks right.")
        try await fixture.advance(service, to: .awaitingApproval)
        #expect(fixture.world.state.withLock(\.versions).count == 1)
        #expect(fixture.world.state.withLock(\.aliasMoves).isEmpty)
        _ = try await service.approve(id, by: "grace")
        try await fixture.settle(service)
        let detail = try await service.loop(id)
        #expect(detail.loop.progress.state == .promoted)
        #expect(detail.loop.progress.approvals.map(\.stage) == [.register, .rollout])
        #expect(detail.loop.progress.approvals.first?.comment == "Looks right.")
        #expect(detail.loop.progress.commit == "c0ffee0")
        #expect(
            detail.phases.map(\.state) == [
                .signalled, .retraining, .gating, .awaitingApproval, .registering, .awaitingApproval, .rollingOut,
                .writingBack, .promoted,
            ]
        )
        let order = try #require(fixture.world.state.withLock(\.orders).first)
        #expect(order.key == id && order.version == 2 && order.champion == 1 && order.approvers == ["grace", "grace"])
        #expect(order.metrics.map(\.name) == ["accuracy"] && order.championMetrics.map(\.value) == [0.5])
        let error = await #expect(throws: MartletError.self) { try await service.approve(id, by: "grace") }
        #expect(error?.code == .failedPrecondition)
        #expect(try await fixture.heard(id) == detail.events.map(\.sequence))
    }

    @Test func aRefusalEndsTheLoopAndSoDoesTime() async throws {
        let fixture = try await LoopFixture(with: ["approval": "required"])
        let service = fixture.service()
        let id = try await service.fire(trigger: "cancer-retrain", signal: LoopFixture.signal).id
        try await fixture.advance(service, to: .awaitingApproval)
        let refused = try await service.reject(id, by: "ada", comment: "Not on a Friday.")
        #expect(refused.progress.state == .rejected && refused.progress.finishedAt != nil)
        let last = try #require(try await service.loop(id).events.last)
        #expect(last.message.contains("Not on a Friday.") && last.message.contains("Version 2 stays registered"))
        #expect(fixture.world.state.withLock(\.aliasMoves).isEmpty)

        let other = try await service.fire(trigger: "cancer-retrain", signal: LoopFixture.signal, force: true).id
        try await fixture.advance(service, to: .awaitingApproval)
        fixture.clock.advance(by: LoopLimits.approvalExpires)
        let late = await #expect(throws: MartletError.self) { try await service.approve(other, by: "ada") }
        #expect(late?.message.contains("time was over") == true)
        await service.advance()
        #expect(try await service.loop(other).loop.progress.state == .rejected)
    }

    static let open: [LoopState] = [.signalled, .retraining, .gating, .awaitingApproval, .registering, .rollingOut]

    @Test(arguments: open)
    func cancelledInEveryState(_ state: LoopState) async throws {
        let fixture = try await LoopFixture(with: ["approval": ["before": "register"]])
        fixture.world.state.withLock { $0.climbsForEver = true }
        let service = fixture.service()
        let loop = try await service.fire(trigger: "cancer-retrain", signal: LoopFixture.signal)
        try await Self.bring(fixture, loop, to: state)
        #expect(try await service.loop(loop.id).loop.progress.state == state)
        let cancelling = try await service.cancel(loop.id, by: "ada", reason: "Wrong data.")
        #expect(cancelling.progress.state == .cancelling)
        let again = await #expect(throws: MartletError.self) { try await service.cancel(loop.id, by: "ada") }
        #expect(again?.code == .failedPrecondition)
        try await fixture.settle(service)
        let detail = try await service.loop(loop.id)
        #expect(detail.loop.progress.state == .cancelled)
        #expect(detail.loop.progress.cancellation?.from == state)
        #expect(detail.events.contains { $0.message.contains("Wrong data.") })
        let world = fixture.world.state.withLock { $0 }
        #expect(world.alias == 1, "the champion's alias")
        #expect(world.cancelledRuns.count == (state == .retraining ? 1 : 0))
        #expect(world.aborts.count == (state == .rollingOut ? 1 : 0))
    }

    /// Steps until the loop is in a state, one effect at a time.
    private static func bring(_ fixture: LoopFixture, _ loop: LoopRecord, to state: LoopState) async throws {
        let busy = Array(repeating: MartletError(.unavailable, "busy"), count: 3)
        let blocked: [LoopState: String] = [
            .signalled: "startPipeline", .retraining: "pipelineProgress", .gating: "gate", .registering: "register",
        ]
        if let step = blocked[state] { fixture.world.state.withLock { $0.failures[step] = busy } }
        let service = fixture.service()
        for _ in 0..<20 {
            let now = try await service.loop(loop.id).loop.progress
            if now.state == state, state != .rollingOut || now.weight != nil, blocked[state] == nil || now.failures > 0
            {
                return
            }
            if now.state == .awaitingApproval { _ = try await service.approve(loop.id, by: "ada") }
            await service.advance()
            fixture.clock.advance(by: .milliseconds(10))
        }
    }

    @Test func aCancellationThatComesTooLateIsAPromotion() async throws {
        let fixture = try await LoopFixture()
        let service = fixture.service()
        let loop = try await service.fire(trigger: "cancer-retrain", signal: LoopFixture.signal)
        fixture.world.state.withLock { $0.climbsForEver = true }
        try await fixture.advance(service, to: .rollingOut)
        fixture.world.state.withLock { ($0.serving, $0.ended) = (2, [2: .promoted]) }
        _ = try await service.cancel(loop.id, by: "ada")
        try await fixture.settle(service)
        let detail = try await service.loop(loop.id)
        #expect(detail.loop.progress.state == .promoted)
        #expect(detail.events.last?.message.contains("too late") == true)
    }

    @Test func aWriteBackThatCannotBeDoneIsAPromotionAllTheSame() async throws {
        let fixture = try await LoopFixture(with: ["gitops": ["repository": "deploy"]])
        let denied = MartletError(.permissionDenied, "the remote refused the push")
        fixture.world.state.withLock { $0.failures["writeBack"] = [denied] }
        let service = fixture.service()
        let loop = try await service.fire(trigger: "cancer-retrain", signal: LoopFixture.signal)
        try await fixture.settle(service)
        let detail = try await service.loop(loop.id)
        #expect(detail.loop.progress.state == .promoted && detail.loop.progress.commit == nil)
        #expect(detail.events.last?.message.contains("refused the push") == true)
    }

    @Test func aSectionThatGitDoesNotTakeIsRefusedWhenItIsApplied() async throws {
        let fixture = try await LoopFixture()
        var definition = LoopFixture.definition
        definition["gitops"] = ["file": "martlet.yaml"]
        let trigger = try TriggerSpec(name: "other", definition: .object(definition))
        let error = await #expect(throws: MartletError.self) { try await fixture.service().apply([trigger]) }
        #expect(error?.message.contains("triggers.other.gitops.repository") == true)
        #expect(try await fixture.service().triggers().count == 1)
    }

    @Test func aliasMovedByHand() async throws {
        let fixture = try await LoopFixture(with: ["approval": "required"])
        let service = fixture.service()
        let loop = try await service.fire(trigger: "cancer-retrain", signal: LoopFixture.signal)
        try await fixture.advance(service, to: .awaitingApproval)
        // Before the rollout: the candidate is judged again, against the new champion.
        fixture.world.state.withLock { ($0.alias, $0.serving) = (9, 9) }
        _ = try await service.approve(loop.id, by: "ada")
        try await fixture.settle(service)
        var detail = try await service.loop(loop.id)
        #expect(detail.loop.progress.state == .promoted && detail.loop.progress.champion == 9)
        #expect(detail.phases.map(\.state).count { $0 == .gating } == 2)
        #expect(fixture.world.state.withLock { ($0.versions.count, $0.aliasMoves) } == (1, [2]))

        // After it was moved and before a deployment took it up: the loop ends, and leaves the alias alone.
        let other = try await LoopFixture()
        other.world.state.withLock { $0.pickupLag = 1000 }
        let second = other.service()
        let id = try await second.fire(trigger: "cancer-retrain", signal: LoopFixture.signal).id
        for _ in 0..<100 where other.world.state.withLock(\.aliasMoves).isEmpty {
            await second.advance()
            other.clock.advance(by: .seconds(1))
        }
        await second.advance()
        other.world.state.withLock { $0.alias = 9 }
        try await other.settle(second)
        detail = try await second.loop(id)
        #expect(detail.loop.progress.state == .failed)
        #expect(detail.events.last?.message.contains("moved to version 9") == true)
        #expect(other.world.state.withLock(\.alias) == 9)
    }
}
