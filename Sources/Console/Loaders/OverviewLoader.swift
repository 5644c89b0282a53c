import Core
import HTTPSupport
import Loop
import Monitoring
import Rollouts
import Serving

/// Reads what the overview shows from every feature.
struct OverviewLoader: Sendable {
    let sources: ConsoleSources

    func page() async throws -> OverviewPage {
        let now = sources.clock.now
        let deployments = DeploymentLoader(sources: sources)
        let loops = try await sources.loops.loops(limit: 5).loops
        let monitors = await sources.monitors.monitors()
        return OverviewPage(
            notices: try await notices(monitors, loops),
            deployments: await deployments.rows(),
            pipelineRuns: try await PipelineLoader(sources: sources).recentRuns(pipeline: nil, limit: 6),
            loops: loops.map { LoopLoader.row($0, now: now) },
            events: try await events(monitors, loops, now: now)
        )
    }

    /// What needs a person: drift that no loop works on, rollouts that wait, deployments that cannot serve, what failed last.
    private func notices(_ monitors: [MonitorSummary], _ loops: [LoopRecord]) async throws -> [Notice] {
        var notices: [Notice] = []
        let open = loops.filter { !$0.progress.state.isFinal }
        for monitor in monitors where monitor.signal.detected {
            let link = (text: "See the drift", href: ConsolePath.of("drift", monitor.spec.name))
            let moved = monitor.signal.driftedFeatures.count
            let what = moved > 0 ? "\(moved) features moved" : "the features together moved"
            if let loop = open.first(where: { $0.trigger.monitor == monitor.spec.name }) {
                let text =
                    "\(monitor.spec.deployment) answers on drifted data (\(what)); a loop is at work: \(loop.progress.state.title)."
                notices.append(Notice(.info, text, link: ("See the loop", ConsolePath.of("loops", loop.id))))
            } else {
                notices.append(Notice(.bad, "\(monitor.spec.deployment) answers on drifted data: \(what).", link: link))
            }
        }
        for loop in try await sources.loops.loops(LoopFilter(states: [.awaitingApproval]), limit: 20).loops {
            let version = loop.progress.version.map { "version \($0)" } ?? "the candidate"
            let text = "The loop \(loop.trigger.name) asks whether \(version) of \(loop.trigger.model) may go on."
            notices.append(Notice(.warn, text, link: ("Decide", ConsolePath.of("loops", loop.id))))
        }
        for status in await sources.deployments.statuses() {
            let link = (text: "Decide", href: ConsolePath.of("deployments", status.spec.name))
            if let machine = status.rollout?.machine, let candidate = machine.candidate {
                switch machine.state {
                case .paused:
                    let text = "The rollout of version \(candidate) in \(status.spec.name) is paused."
                    notices.append(Notice(.warn, text, link: link))
                case .awaitingConfirmation:
                    let text =
                        "The rollout of version \(candidate) in \(status.spec.name) awaits a person's confirmation."
                    notices.append(Notice(.warn, text, link: link))
                case .inconclusive:
                    let text =
                        "The rollout of version \(candidate) in \(status.spec.name) waits for a decision: the evidence is inconclusive."
                    notices.append(Notice(.warn, text, link: link))
                default: break
                }
            }
            for notice in DeploymentLoader.notices(status) {
                let text = "\(status.spec.name): \(notice.text)"
                notices.append(Notice(notice.tone, text, link: ("See the deployment", link.href)))
            }
        }
        if let last = loops.first, last.progress.state == .failed {
            let text = "The last loop of \(last.trigger.name) failed; the champion still serves."
            notices.append(Notice(.warn, text, link: ("See the loop", ConsolePath.of("loops", last.id))))
        }
        return notices
    }

    private func events(_ monitors: [MonitorSummary], _ loops: [LoopRecord], now: Timestamp) async throws -> [Feed
        .Entry]
    {
        var entries: [(at: Timestamp, entry: Feed.Entry)] = []
        for status in await sources.deployments.statuses().prefix(ConsoleLimits.recentEvents) {
            let name = status.spec.name
            for event in try await sources.deploymentStore.events(name, limit: ConsoleLimits.recentEvents)
            where !event.note.hasPrefix("checks pass") {
                let entry = DeploymentLoader.entry(event, deployment: name, named: true, now: now)
                entries.append((event.at, entry))
            }
        }
        for monitor in monitors.prefix(ConsoleLimits.recentEvents) {
            let detail = try await sources.monitors.detail(monitor.spec.name, eventLimit: ConsoleLimits.recentEvents)
            for change in detail.events.items {
                entries.append((change.at, MonitorLoader.entry(change, now: now, named: true)))
            }
        }
        for loop in loops.prefix(3) {
            // Within a state a loop only tells of weights, which the deployment tells as well.
            var before: LoopState?
            for event in try await sources.loops.loop(loop.id).events {
                defer { before = event.state }
                guard before != event.state else { continue }
                let name = Markup.link(loop.trigger.name, ConsolePath.of("loops", loop.id))
                let tone: Tone = event.state.isFinal ? LoopLoader.tone(event.state) : .info
                let what = Markup.joined([name, .text(event.message)])
                entries.append((event.at, Feed.Entry(tone, what, time: TimeText(event.at, now: now))))
            }
        }
        return entries.sorted { $0.at > $1.at }.prefix(ConsoleLimits.recentEvents).map(\.entry)
    }
}
