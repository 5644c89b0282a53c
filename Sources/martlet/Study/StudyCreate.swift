import ArgumentParser
import Core
import Foundation

/// `martlet study create NAME --file FILE`.
struct StudyCreate: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create a study from a description in JSON.",
        discussion: """
            For example: martlet study create lr --space '{"lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": true}}'
            """
    )

    @OptionGroup var options: GlobalOptions
    @Option(name: .long, help: "A file with the whole description: space, directions, sampler, pruner and so on.")
    var file: String?
    @Option(name: .long, help: "The parameters, as JSON.")
    var space: String?
    @Option(name: .long, help: "minimize or maximize.")
    var direction: String?
    @Option(name: .long, help: "random, grid, sobol, halton, tpe, cmaes or nsga2.")
    var sampler: String?
    @Option(name: .long, help: "none, median, asha or hyperband, with their defaults.")
    var pruner: String?
    @Option(name: .long, help: "How many trials the study is to have.")
    var trials: Int?
    @Flag(name: .long, help: "Take up the study of that name when it searches for the same.")
    var reuse = false
    @Argument(help: "The study's name.")
    var name: String

    func run(_ session: Session) async throws {
        var body: JSONObject = [:]
        if let file { body = try Self.read(file) }
        body["name"] = .string(name)
        if let space { body["space"] = try JSONValue.parse(space) }
        if let direction { body["direction"] = .string(direction) }
        if let sampler { body["sampler"] = ["type": .string(sampler)] }
        if let pruner { body["pruner"] = ["type": .string(pruner)] }
        if let trials { body["trials"] = .int(trials) }
        if reuse { body["reuse"] = true }
        let study = try await session.server.send("POST", "/api/martlet/v1/studies", .object(body))
        guard !session.wroteJSON(study) else { return }
        session.terminal.line(Words.text(study["name"]))
    }

    private static func read(_ path: String) throws(MartletError) -> JSONObject {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw MartletError(.notFound, "'\(path)' cannot be read.")
        }
        guard let object = try JSONValue.parse(Array(data)).objectValue else {
            throw MartletError(.invalidArgument, "The file must hold a JSON object.")
        }
        return object
    }
}
