import ArgumentParser
import Core
import Foundation
import Logging
import Server

/// `martlet demo`: the whole loop on real data, played against a server of its own.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Play the whole loop on real data: train, serve, drift, retrain, canary, roll back."
    )

    @OptionGroup var options: ServerOptions

    @Flag(help: "Exit after the storyline: with status 0 only if every step came about.")
    var once = false

    @Option(help: "Makes the storyline repeatable.")
    var seed: UInt64 = 7

    @Option(help: "The directory of the manifest and its data.")
    var example = "examples/breast-cancer"

    func run() async throws {
        var settings = try options.settings()
        if options.files == nil { settings.files = example }
        let manifest = try DemoManifest(directory: absolute(example))
        let logger = ServerLogging.bootstrap(settings.logFormat, level: .warning)
        let outcome = DemoOutcome()
        try await CommandFailure.explaining {
            try await MartletServer(settings: settings, isDemo: true, logger: logger).run { address in
                outcome.set(try await play(at: address, manifest))
            }
        }
        if once, !outcome.isComplete { throw ExitCode.failure }
    }

    private func play(at address: String, _ manifest: DemoManifest) async throws -> Bool {
        let clock = Clock.system
        let screen = DemoScreen(clock: clock)
        screen.plain("Martlet shows the whole loop. Watch it at \(address)/")
        let director = DemoDirector(
            server: DemoServer(client: try ServerClient(address: address)),
            screen: screen,
            clock: clock,
            seed: seed,
            manifest: manifest
        )
        let isOnce = once
        let story = try await director.play { _ in
            guard !isOnce else { return }
            screen.plain("Traffic goes on; look around at \(address)/ and press Ctrl-C to stop.")
            // Ctrl-C ends the waiting, and with it a demo that has shown everything.
            while (try? await clock.sleep(for: .seconds(3600))) != nil {}
        }
        return story.isComplete(planned: DemoDirector.plannedSteps)
    }

    private func absolute(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.path
    }
}
