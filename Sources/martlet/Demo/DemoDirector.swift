import Core
import Foundation

/// Plays the storyline against a running server, only through its API, and notes what came about.
struct DemoDirector: Sendable {
    let server: DemoServer
    let screen: DemoScreen
    let clock: Clock
    let seed: UInt64
    let manifest: DemoManifest

    /// How many steps a complete storyline has.
    static let plannedSteps = 11

    /// Plays all steps; stops at the first that does not come about.
    ///
    /// - Returns: the storyline and the traffic that goes on.
    func play(_ follow: @Sendable @escaping (TrafficGenerator) async -> Void) async throws -> Storyline {
        var story = Storyline(start: clock.now)
        do {
            let rows = try await train(&story)
            let traffic = TrafficGenerator(client: server.client, rows: rows, clock: clock, seed: seed)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await traffic.run() }
                try await serve(&story, traffic)
                try await drift(&story, traffic)
                try await reject(&story, traffic)
                finish(story)
                await follow(traffic)
                group.cancelAll()
            }
        } catch let unreached as Unreached {
            fail(&story, unreached.title)
        } catch let error as MartletError where error.code != .cancelled {
            fail(&story, error.message)
        }
        return story
    }

    private func fail(_ story: inout Storyline, _ title: String) {
        story.add(title, isReached: false, now: clock.now)
        screen.show([])
        screen.line("✗ \(title)")
        finish(story)
    }

    /// A step whose outcome did not come about.
    struct Unreached: Error {
        let title: String
    }

    func note(_ story: inout Storyline, _ title: String) {
        story.add(title, isReached: true, now: clock.now)
        screen.line("✓ \(title)")
    }

    /// Asks again and again until there is an answer; what is under way is shown meanwhile.
    func wait<T>(_ what: String, _ check: () async throws -> T?) async throws -> T {
        let deadline = clock.now + DemoLimits.stepTimeout
        while clock.now < deadline {
            if let value = try await check() {
                screen.show([])
                return value
            }
            try await clock.sleep(for: DemoLimits.pollInterval)
        }
        throw Unreached(title: "\(what): not within \(DemoLimits.stepTimeout.wholeMilliseconds / 1000) s")
    }

    private func finish(_ story: Storyline) {
        screen.plain("")
        screen.plain("Timeline" + String(repeating: " ", count: 4) + "(step, took, since the start)")
        for line in story.timeline() { screen.plain("  " + line) }
        screen.plain("")
    }
}

// MARK: - Chapter 1: data, training, serving

extension DemoDirector {
    private func train(_ story: inout Storyline) async throws -> TrafficRows {
        let changes = try await server.apply(manifest)
        note(&story, "martlet.yaml applied: \(changes) objects declared")
        let run = try await server.startPipeline(manifest.training, ["seed": .int(seed)])
        _ = try await wait("the data is ready") {
            let view = try await server.pipelineRun(run)
            screen.show(view.bars)
            if view.isFinished { _ = try view.requireSuccess(manifest.training) }
            return view.hasSucceeded(["ingest", "check", "split"]) ? true : nil
        }
        let data = try await server.dataset(manifest.dataset)
        note(&story, "\(data.rows) rows ingested and \(data.checks) checks passed, then split: \(data.parts)")
        let outcome = try await follow(run, named: manifest.training)
        let trained = try outcome.requireSuccess(manifest.training)
        let version = try await server.aliasVersion(manifest.model, manifest.alias)
        note(
            &story,
            "two candidates tuned in parallel over \(trained.trials) trials; version \(version) registered, "
                + "test accuracy \(trained.metric("accuracy")), AUROC \(trained.metric("auroc"))"
        )
        _ = try await wait("version \(version) serves") {
            try await server.deployment(manifest.deployment).stable == version ? true : nil
        }
        let rows = try await server.heldOutRows(manifest.dataset, part: "test", seed: seed)
        note(
            &story,
            "deployment \(manifest.deployment) follows the alias \(manifest.alias) and serves version \(version)"
        )
        return rows
    }

    /// Follows a pipeline run with a bar for each task under way.
    func follow(_ run: String, named name: String) async throws -> DemoRun {
        try await wait("pipeline \(name)") {
            let view = try await server.pipelineRun(run)
            screen.show(view.bars)
            return view.isFinished ? view : nil
        }
    }

    private func serve(_ story: inout Storyline, _ traffic: TrafficGenerator) async throws {
        let start = clock.now
        _ = try await wait("the monitor has seen enough traffic") {
            let monitor = try await server.monitor(manifest.monitor)
            let totals = traffic.totals
            let quiet = (clock.now - start).inSeconds / DemoLimits.quietTime.inSeconds
            screen.show([
                DemoScreen.Bar(
                    name: "traffic",
                    fraction: min(1, quiet),
                    message: "\(totals.answered) predictions, drift: \(monitor.state)"
                )
            ])
            if monitor.isDrifted { throw Unreached(title: "the monitor reports drift before there is any") }
            return quiet >= 1 && monitor.state == "ok" ? true : nil
        }
        let tally = traffic.tally(of: try await server.deployment(manifest.deployment).stable ?? 0)
        note(
            &story,
            "\(tally.answered) held-out rows served, accuracy \(DemoFormat.share(tally.accuracy)), "
                + "median \(DemoFormat.milliseconds(tally.medianLatency)); the monitor says stable"
        )
    }
}

// MARK: - Chapter 2: drift, retraining, canary

extension DemoDirector {
    private func drift(_ story: inout Storyline, _ traffic: TrafficGenerator) async throws {
        traffic.recalibrate()
        screen.line("  two instruments are recalibrated: \(traffic.recalibratedFeatures) features scaled and offset")
        let monitor = try await wait("drift is detected") {
            let monitor = try await server.monitor(manifest.monitor)
            screen.show([DemoScreen.Bar(name: "drift", fraction: monitor.isDrifted ? 1 : 0, message: monitor.state)])
            return monitor.isDrifted ? monitor : nil
        }
        note(&story, "drift detected from the data: \(monitor.summary)")
        let loop = try await wait("the loop begins") {
            screen.show([DemoScreen.Bar(name: "labels", fraction: 0, message: "waiting for newly labelled rows")])
            if let failure = traffic.lastFailure { throw Unreached(title: "a request failed: \(failure)") }
            return try await server.loops().first { $0.signal == "drift" }
        }
        let gated = try await followLoop(loop.id, traffic)
        note(&story, "retrained on newly labelled rows and gated against the champion: \(gated.gate ?? "accepted")")
        let (promoted, weights) = try await followRollout(loop.id)
        let climb = weights.map(String.init).joined(separator: " → ")
        note(&story, "version \(promoted) climbed \(climb) % on evidence and was promoted")
        _ = try await wait("the verdict clears") {
            let monitor = try await server.monitor(manifest.monitor)
            screen.show([DemoScreen.Bar(name: "drift", fraction: monitor.isClear ? 1 : 0, message: monitor.state)])
            return monitor.isClear && monitor.reference == String(promoted) ? true : nil
        }
        let accuracy = DemoFormat.share(traffic.tally(of: promoted).accuracy)
        note(&story, "the drift verdict cleared against version \(promoted)'s reference; its accuracy is \(accuracy)")
    }

    /// Follows a loop until its candidate is registered or it ends.
    private func followLoop(_ id: String, _ traffic: TrafficGenerator) async throws -> DemoLoop {
        try await wait("the loop registers a version") {
            let loop = try await server.loop(id)
            if let run = loop.pipelineRun, loop.state == "retraining" {
                screen.show(try await server.pipelineRun(run).bars)
            } else {
                screen.show([DemoScreen.Bar(name: "loop", fraction: 0, message: "\(loop.state): \(loop.message)")])
            }
            if loop.hasFailed { throw Unreached(title: "the loop ended as \(loop.state): \(loop.message)") }
            // From here on the traffic consists of rows that the candidate has never seen.
            if loop.isPastTraining { traffic.useSecondPool() }
            return loop.version != nil ? loop : nil
        }
    }

    /// Follows the canary until the loop says promoted; returns the version and the shares that it was seen with.
    private func followRollout(_ id: String) async throws -> (version: Int, weights: [Int]) {
        var weights: [Int] = []
        let version = try await wait("the canary is promoted") {
            let loop = try await server.loop(id)
            let deployment = try await server.deployment(manifest.deployment)
            screen.show([deployment.bar])
            if deployment.candidate != nil, deployment.percent != weights.last { weights.append(deployment.percent) }
            if loop.hasFailed { throw Unreached(title: "the loop ended as \(loop.state): \(loop.message)") }
            return loop.state == "promoted" ? loop.version : nil
        }
        return (version, weights)
    }
}

// MARK: - Chapter 3: a wrong model

extension DemoDirector {
    private func reject(_ story: inout Storyline, _ traffic: TrafficGenerator) async throws {
        let stable = try await server.deployment(manifest.deployment).stable
        let run = try await server.startPipeline(manifest.wrong, ["seed": .int(seed)])
        _ = try await follow(run, named: manifest.wrong).requireSuccess(manifest.wrong)
        let wrong = try await server.newestVersion(manifest.model)
        let reason = try await wait("the wrong model is rolled back") {
            let deployment = try await server.deployment(manifest.deployment)
            screen.show([deployment.bar])
            if deployment.stable == wrong { throw Unreached(title: "the wrong model was promoted") }
            return deployment.rejections[wrong]
        }
        let tally = traffic.tally(of: wrong)
        guard tally.answered > 0 else { throw Unreached(title: "the wrong model was never asked") }
        guard reason.hasPrefix("quality") else {
            throw Unreached(title: "the wrong model was rolled back, but not on quality: \(reason)")
        }
        if traffic.totals.failed > 0 {
            throw Unreached(title: "\(traffic.totals.failed) requests failed, the last: \(traffic.lastFailure ?? "–")")
        }
        note(
            &story,
            "version \(wrong), trained on permuted labels, answered \(tally.answered) requests with 200 in "
                + "\(DemoFormat.milliseconds(tally.medianLatency)) but was right only \(DemoFormat.share(tally.accuracy))"
        )
        let alias = try await wait("the alias is back") {
            let version = try await server.aliasVersion(manifest.model, manifest.alias)
            return version == stable ? version : nil
        }
        note(&story, "its canary was rolled back on quality (\(reason)); the alias names version \(alias) again")
    }
}
