import ArgumentParser
import Core

/// `martlet version`.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    func run() throws {
        let version = ProductVersion.text
        let terminal = Terminal.standard
        let object: JSONValue = ["name": "martlet", "version": .string(version)]
        terminal.line(json ? object.prettyPrinted() : "martlet \(version)")
    }
}
