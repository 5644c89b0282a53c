import ArgumentParser

/// The options that every command which asks a server understands.
struct GlobalOptions: ParsableArguments {
    @Option(name: .long, help: "Address of the server (MARTLET_SERVER; default: http://127.0.0.1:5000).")
    var server: String?

    @Flag(name: .long, help: "Print JSON, as the server answered, instead of a table.")
    var json = false
}
